"""A configuration, its folders and everything that a refresh needs; only the engine is a fake."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import feedparser
from fakes import FakeTranslator

from feedsvc import pipeline
from feedsvc.config import Config, load_config
from feedsvc.ingest import Fetcher
from feedsvc.model import RunReport
from feedsvc.store import Store

ARTICLE = """---
title: '{title}'
date: Fri, 13 Nov 2026 06:30:00 GMT
---
<p>{first}</p><p><img src="https://img.example/{title}.jpg"> 第二段有<a href="https://x.example/">链接</a>。</p>
"""


class World:
    """A configuration, its folders and everything that a refresh needs."""

    def __init__(self, root: Path, translator: FakeTranslator, now: datetime) -> None:
        self.root, self.translator, self.now = root, translator, now
        self.articles = root / "articles"
        self.articles.mkdir()
        self.sources = ['id = "articles"\nfolder = "articles"']
        self.service = ""

    def write(self, name: str, *, title: str = "标题", first: str = "第一段。") -> Path:
        path = self.articles / name
        path.write_text(ARTICLE.format(title=title, first=first), encoding="utf-8")
        return path

    @property
    def config(self) -> Config:
        path = self.root / "feedsvc.toml"
        tables = "".join(f"[[sources]]\n{s}\n" for s in self.sources)
        path.write_text(
            f'[service]\ndata_dir = "data"\noutput_dir = "public"\n{self.service}\n{tables}', encoding="utf-8"
        )
        return load_config(path)

    def refresh(self, **options: object) -> RunReport:
        config = self.config
        with Store(config.database) as store, Fetcher() as fetcher:
            return pipeline.refresh(config, store, fetcher, self.translator, now=self.now, **options)  # type: ignore[arg-type]

    def feed(self, name: str) -> feedparser.FeedParserDict:
        parsed = feedparser.parse(str(self.root / "public" / name))
        assert parsed.bozo == 0
        return parsed

    def files(self) -> dict[str, tuple[bytes, int]]:
        public = self.root / "public"
        return {
            str(p.relative_to(public)): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in public.rglob("*")
            if p.is_file()
        }
