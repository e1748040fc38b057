"""The names of real articles, with the bundled model and the glossary that comes with feedsvc."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NOW, SEEDS

from feedsvc.ingest.folder import read_folder
from feedsvc.model import ParsedFeed, Pending, Source
from feedsvc.translate import ArgosTranslator, Models, article, batch, load_glossary
from feedsvc.translate.glossary import missing

NEWS = Path(__file__).resolve().parents[1] / "config" / "glossaries" / "zh-en-news.tsv"
NAMES = {
    "布林肯": "Blinken",
    "拉夫罗夫": "Lavrov",
    "泽连斯基": "Zelenskyy",
    "朔尔茨": "Scholz",
    "纽兰": "Nuland",
    "托马斯-格林菲尔德": "Thomas-Greenfield",
    "斯托尔滕贝格": "Stoltenberg",
    "佩斯科夫": "Peskov",
}


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed articles are not here")
def test_names_of_world_news_come_out_right(
    bundled_models: Models, make_source: Callable[..., Source]
) -> None:
    glossary = load_glossary([NEWS])
    feed = read_folder(make_source(location=str(SEEDS), language="zh"), {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    pending = [Pending(entry=e, content_hash="", changed_at=None, previous=None) for e in feed.entries]
    translator = ArgosTranslator(bundled_models)
    done = batch.translate_group(
        [article.outline(p, "zh", glossary) for p in pending],
        translator,
        {"zh": translator.engine("zh", "en")},
        target_language="en",
        recall=lambda keys: {},
    )
    stand: Counter[str] = Counter()
    lack: list[tuple[str, str]] = []
    for _, made in done.translations:
        for segment in (s for passage in made.passages for s in passage.segments):
            found = [f for f in glossary.find(segment.source) if any(n in f.term.source for n in NAMES)]
            absent = missing(found, segment.target)
            stand.update(n for f in found if f not in absent for n in NAMES if n in f.term.source)
            lack += [(f.term.source, segment.target) for f in absent]
    assert {name for name in NAMES if not stand[name]} == set(), lack
    assert len(lack) <= 0.03 * (stand.total() + len(lack)), lack
