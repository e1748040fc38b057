"""Whether this process may translate at all: CTranslate2 makes machine code, and where it may not, errs silently."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
from pathlib import Path

from feedsvc.errors import ModelError

_READ_EXECUTE = mmap.PROT_READ | mmap.PROT_EXEC


def require_code_in_memory(model: Path) -> None:
    """Refuse to load a model where its answers would be wrong words instead of an error.

    On x86, CTranslate2 multiplies with oneDNN, which compiles its loops as it goes. Where that is forbidden
    (systemd's `MemoryDenyWriteExecute=`, `PR_SET_MDWE`), it says nothing and gives garbage. With Intel's MKL, which
    it takes on processors of Intel, or where `CT2_USE_MKL` says so, nothing is compiled.

    Raises: ModelError.
    """
    if platform.machine() in ("x86_64", "AMD64") and not _uses_mkl() and not _can_make_code():
        raise ModelError(
            model,
            "cannot be used by a process that may not make code: set MemoryDenyWriteExecute=no in its systemd unit",
        )


def _uses_mkl() -> bool:
    said = os.environ.get("CT2_USE_MKL")
    if said is not None:
        return said.lower() in ("1", "true", "on", "yes")
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


def _can_make_code() -> bool:
    """Try it: a page that is written, and then made executable."""
    with mmap.mmap(-1, mmap.PAGESIZE) as page:
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        is_refused = libc.mprotect(start, mmap.PAGESIZE, _READ_EXECUTE) != 0
        libc.mprotect(start, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE)
    return not is_refused
