"""What tests of the configuration have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from feedsvc.config import Config

ONE_SOURCE = '[[sources]]\nid = "news"\nurl = "https://news.example/rss"\n'
DEFAULTS = """
[defaults]
interval = "2h"
layout = "translation"
title_layout = "original-first"
max_entries = 7
keep_entries = 70
keep_days = 90
allow_private = true
"""

Write = Callable[[str], Path]
Load = Callable[[str], Config]
Problems = Callable[[str], tuple[str, ...]]
