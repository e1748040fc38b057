"""Runs a command under what a unit forbids, where no systemd is at hand to do it.

    python tests/confined.py UNIT COMMAND…

Takes SystemCallFilter= and SystemCallErrorNumber= (by libseccomp, as systemd does), MemoryDenyWriteExecute= (by the
kernel's own PR_SET_MDWE), CapabilityBoundingSet= and NoNewPrivileges= from the unit. Exit code 77: this machine
cannot do that.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CANNOT = 77
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050001
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 24, 38, 65


def main(unit: str, *command: str) -> None:
    """Give up what the unit forbids, then become the command."""
    said = settings(Path(unit))
    libc = ctypes.CDLL(None, use_errno=True)
    if said.get("MemoryDenyWriteExecute") == ["yes"] and libc.prctl(_PR_SET_MDWE, 1, 0, 0, 0):
        sys.exit(CANNOT)
    if os.geteuid() == 0 and said.get("CapabilityBoundingSet") == [""]:
        for capability in range(64):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    assert said["NoNewPrivileges"] == ["yes"]
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _filter(allowed(said["SystemCallFilter"]))
    os.execv(command[0], command)


def settings(unit: Path) -> dict[str, list[str]]:
    """Every setting of a unit with its values, in their order."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value.strip())
    return found


def allowed(filters: list[str]) -> set[str]:
    """The system calls that the lines of SystemCallFilter= leave, the first of which allows."""
    groups = _groups()
    calls = set(_calls("@default", groups))
    for line in filters:
        named = {call for name in line.removeprefix("~").split() for call in _calls(name, groups)}
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def _groups() -> dict[str, list[str]]:
    """What systemd means by @system-service and the like: calls, and other groups."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True
    )
    groups: dict[str, list[str]] = {}
    members: list[str] = []
    for line in told.stdout.splitlines():
        if line.startswith("@"):
            members = groups.setdefault(line.strip(), [])
        elif line.startswith("#"):
            members = []  # calls that are in no group
        elif (word := line.strip()) and not word.startswith("#"):
            members.append(word)
    return groups


def _calls(name: str, groups: dict[str, list[str]]) -> Iterator[str]:
    if not name.startswith("@"):
        yield name
        return
    for member in groups[name]:
        yield from _calls(member, groups)


def _filter(calls: set[str]) -> None:
    try:
        seccomp = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        sys.exit(CANNOT)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(_ERRNO_EPERM))
    for call in calls | {"execve"}:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(rules, ctypes.c_uint32(_ALLOW), number, 0)
    if seccomp.seccomp_load(rules):
        sys.exit(CANNOT)


if __name__ == "__main__":
    main(*sys.argv[1:])
