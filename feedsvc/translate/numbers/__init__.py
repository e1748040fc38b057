"""Checks the numbers of a translation: digits → meanings, English words as digits, and what of them is lost."""

from __future__ import annotations

from feedsvc.translate.numbers.comparing import lost_numbers

__all__ = ["lost_numbers"]
