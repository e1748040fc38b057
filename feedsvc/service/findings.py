"""What `feedsvc doctor` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Literal["ok", "warn", "fail"]
    #: what was found
    found: str
    #: what to do about it; empty if nothing
    cure: str = ""
