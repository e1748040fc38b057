"""Keeps the memory of a process that lives for months from falling to pieces: what to tell glibc's allocator.

Each thread that parses a feed gets an arena of its own, which keeps the most that it ever held, in crumbs that
nothing else uses. Other allocators (musl, macOS) know none of this, and are left alone.
"""

from __future__ import annotations

import ctypes

#: number of the parameter in malloc.h
_M_ARENA_MAX = -8
_ARENAS = 2


def use_few_arenas() -> None:
    """Have all threads share two arenas; to be called before there are any. Spec: mallopt(3)."""
    if hasattr(_libc(), "mallopt"):
        _libc().mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give what is free back to the system; takes milliseconds. Spec: malloc_trim(3)."""
    if hasattr(_libc(), "malloc_trim"):
        _libc().malloc_trim(0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
