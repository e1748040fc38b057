from __future__ import annotations

import platform
import subprocess
import sys

import pytest

#: frees all but the last of 50,000 blocks, which keeps the heap from shrinking by itself
PROGRAM = """
from feedsvc.service import allocator

def resident_kb():
    return int(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0])

allocator.use_few_arenas()
blocks = [bytes(2000) for _ in range(50_000)]
last = blocks.pop()
blocks.clear()
before = resident_kb()
allocator.give_back()
print(before - resident_kb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator than glibc's")
def test_what_is_free_goes_back_to_the_system() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 50_000
