"""What is published for changes alone is what publishing everything anew would give."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakes import to_translate
from lxml import etree, html

from feedsvc.config import load_config
from feedsvc.model import (
    Entry,
    Layout,
    ParsedFeed,
    Passage,
    Pending,
    Segment,
    Translation,
    Verdict,
)
from feedsvc.publish import Folder, Renderer
from feedsvc.publish.outputs import page_name
from feedsvc.publishing import publish
from feedsvc.store import Store

SOURCES = ("one", "two", "three")


class Desk:
    """A database in which things happen, and the folder in which they are published."""

    def __init__(self, root: Path, now: datetime) -> None:
        self.root, self.now = root, now
        path = root / "feedsvc.toml"
        sources = "".join(f'[[sources]]\nid = "{i}"\nfolder = "{i}"\nmax_entries = 3\n' for i in SOURCES)
        path.write_text(
            f'[service]\ndata_dir = "data"\noutput_dir = "public"\n{sources}'
            '[[outputs]]\nslug = "all"\nmax_entries = 5\n[[outputs]]\nslug = "t"\nsources = ["t*"]\n'
            '[[outputs]]\nslug = "some"\nmax_entries = 2\ninclude = ["正文3", "正文7", "second"]\nexclude = ["first"]\n',
            encoding="utf-8",
        )
        self.config = load_config(path)
        self.store = Store(self.config.database)
        media = self.config.data_dir / "media"
        media.mkdir()
        self.media = [f"{hashlib.sha256(bytes([n])).hexdigest()}.png" for n in range(3)]
        for name in self.media:
            (media / name).write_bytes(name.encode())

    def say(
        self,
        source_id: str,
        *numbers: int,
        text: str = "",
        medium: int = 0,
        title: str | None = None,
        dated: bool = True,
    ) -> None:
        """A source has these entries."""
        said = tuple(
            Entry(
                source_id=source_id,
                guid=f"https://{source_id}.example/{n}",
                title=f"标题{n}",
                link=f"https://wire.example/{n}?utm_source={source_id}" if n > 5 else None,
                body_html=f'<p>正文{n} {text}。<img src="media:{self.media[medium]}" alt=""></p>',
                language="zh",
                published=self.now - timedelta(days=20 * (12 - n)) if dated else None,
            )
            for n in numbers
        )
        state = self.store.state(source_id)
        changed = replace(state, title=title or state.title, added_at=state.added_at or self.now)
        self.store.save_feed(source_id, ParsedFeed(entries=said), changed, now=self.now)

    def translate(self, limit: int = 100) -> None:
        """Some of what waits is translated, the newest first."""
        waiting = to_translate(self.store, list(SOURCES), "en")[:limit]
        self.store.save_group([(p, translation(p)) for p in waiting], {}, now=self.now)

    def publish(self) -> tuple[str, ...]:
        return publish(self.config, self.store)

    def files(self, folder: str = "public") -> dict[str, bytes]:
        root = self.root / folder
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    def anew(self) -> dict[str, bytes]:
        """The files of a folder in which all was published at once, from a copy of the database."""
        copy = self.root / "copy.sqlite"
        copy.unlink(missing_ok=True)
        with (
            sqlite3.connect(self.config.data_dir / "feedsvc.sqlite") as source,
            sqlite3.connect(copy) as target,
        ):
            source.backup(target)
        source.close()
        target.close()
        folder = f"anew-{random.getrandbits(64):x}"
        with Store(f"sqlite:///{copy}") as store:
            publish(replace(self.config, output_dir=self.root / folder), store)
        return self.files(folder)


def translation(pending: Pending) -> Translation:
    def passage(text: str) -> Passage:
        return Passage(text=text, segments=(Segment(source="x", target=text, verdict=Verdict.GOOD),))

    nothing = Passage(text="", segments=())
    image = pending.entry.body_html[pending.entry.body_html.index("<img") : -4]
    return Translation(
        entry=pending.entry,
        target_language="en",
        engine="fake",
        title=passage(f"Title {pending.entry.guid}"),
        summary=nothing,
        categories=(),
        blocks=(passage(f"Body {pending.content_hash[:8]}. {image}"),),
        attributes=(),
    )


@pytest.fixture
def desk(tmp_path: Path, now: datetime) -> Iterator[Desk]:
    made = Desk(tmp_path, now)
    with made.store:
        yield made


def steps(chance: random.Random) -> list[Callable[[Desk], object]]:
    """What may happen between two publishings."""
    source_id, number = chance.choice(SOURCES), chance.randrange(12)
    other = chance.choice(["first", "second"])
    layout = chance.choice([Layout.INTERLEAVED, Layout.TRANSLATION])

    def reconfigure(desk: Desk, **changes: object) -> None:
        desk.config = replace(desk.config, **changes)  # type: ignore[arg-type]

    def lay_out(desk: Desk) -> None:
        first, rest = desk.config.outputs[:1], desk.config.outputs[1:]
        reconfigure(desk, outputs=(*(replace(o, layout=layout) for o in first), *rest))

    def drop_an_output(desk: Desk) -> None:
        reconfigure(desk, outputs=desk.config.outputs[: chance.randrange(2, 7)])

    def restore(desk: Desk) -> None:
        whole = load_config(desk.root / "feedsvc.toml")
        reconfigure(desk, outputs=whole.outputs, sources=whole.sources)

    def drop_a_source(desk: Desk) -> None:
        kept = tuple(s for s in desk.config.sources if s.id != source_id)
        its = [
            replace(o, source_ids=tuple(i for i in o.source_ids if i != source_id))
            for o in desk.config.outputs
        ]
        reconfigure(desk, sources=kept, outputs=tuple(o for o in its if o.source_ids))

    return [
        lambda desk: desk.say(source_id, number, medium=number % 3),
        lambda desk: desk.say(source_id, number, text=other, medium=chance.randrange(3)),
        lambda desk: desk.say(source_id, *range(number, number + 3)),
        lambda desk: desk.say(source_id, title=other),
        lambda desk: desk.translate(limit=chance.randrange(1, 4)),
        lambda desk: desk.translate(),
        lambda desk: desk.store.release_overdue("en", publish_after=timedelta(0), now=desk.now),
        lambda desk: desk.store.prune(source_id, keep=chance.randrange(1, 4), now=desk.now),
        lambda desk: reconfigure(desk, credit=not desk.config.credit),
        lambda desk: reconfigure(desk, precompress=not desk.config.precompress),
        lay_out,
        drop_an_output,
        drop_a_source,
        restore,
    ]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_changes_alone_give_what_everything_anew_gives(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        for _ in range(chance.randrange(1, 4)):
            chance.choice(steps(chance))(desk)
            desk.now += timedelta(minutes=1)
        desk.publish()
        assert desk.files() == desk.anew()
        assert desk.publish() == ()


@pytest.mark.parametrize("seed", range(3))
def test_a_publishing_that_is_stopped_anywhere_is_made_good_by_the_next(
    desk: Desk, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    write, remove = Folder.write, Folder.remove
    left = 0

    def stopping(do: Callable[..., None]) -> Callable[..., None]:
        def one(self: Folder, *arguments: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            do(self, *arguments)

        return one

    for _ in range(15):
        for _ in range(3):
            chance.choice(steps(chance))(desk)
            desk.now += timedelta(minutes=1)
        left = chance.randrange(12)
        with monkeypatch.context() as patch:
            patch.setattr(Folder, "write", stopping(write))
            patch.setattr(Folder, "remove", stopping(remove))
            with suppress(KeyboardInterrupt):
                desk.publish()
        desk.publish()
        assert desk.files() == desk.anew()


def rendered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the next publishing renders: guids of pages, slugs of feeds."""
    seen: list[str] = []
    page, output = Renderer.page, Renderer.output
    with monkeypatch.context() as patch:
        patch.setattr(
            Renderer, "page", lambda self, one, *by: seen.append(one.entry.guid) or page(self, one, *by)
        )  # type: ignore[func-returns-value]
        patch.setattr(
            Renderer,
            "output",
            lambda self, one, its, **by: seen.append(one.slug) or output(self, one, its, **by),
        )  # type: ignore[func-returns-value]
        desk.publish()
    return seen


def test_only_what_has_changed_is_rendered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for source_id in SOURCES:
        desk.say(source_id, 1, 2, 3)
    desk.translate()
    desk.publish()
    assert rendered(desk, monkeypatch) == []
    desk.say("one", 2, text="改")
    desk.translate()
    assert rendered(desk, monkeypatch) == [
        *(f"https://one.example/{n}" for n in (1, 2, 3)),
        "all",
        "some",
        "one",
    ]
    desk.say("two", title="New name")
    assert rendered(desk, monkeypatch) == [
        *(f"https://two.example/{n}" for n in (3, 2, 1)),
        "all",
        "t",
        "some",
        "two",
    ]
    desk.config = replace(
        desk.config, outputs=(replace(desk.config.outputs[0], max_entries=2), *desk.config.outputs[1:])
    )
    assert rendered(desk, monkeypatch) == ["all"]


def test_a_feed_that_is_missing_has_everything_looked_through(desk: Desk) -> None:
    desk.say("one", 1, 2)
    desk.translate()
    desk.publish()
    before = desk.files()
    for name in ("one.rss", *(n for n in before if n.startswith("articles/"))):
        (desk.root / "public" / name).unlink()
    (desk.root / "public" / "articles" / "one" / "stray.html").write_bytes(b"")
    desk.publish()
    assert desk.files() == before


def test_a_page_or_picture_that_was_deleted_by_hand_comes_back(desk: Desk) -> None:
    desk.say("one", 1, 2, medium=1)
    desk.translate()
    desk.publish()
    before = desk.files()
    for folder in ("articles/", "media/"):
        name = next(n for n in before if n.startswith(folder))
        (desk.root / "public" / name).unlink()
        assert desk.publish() == (name,)
    assert desk.files() == before
    assert desk.publish() == ()


def test_force_looks_through_everything(desk: Desk) -> None:
    desk.say("one", 1, 2)
    desk.translate()
    desk.publish()
    before = desk.files()
    name = next(n for n in before if n.startswith("articles/"))
    (desk.root / "public" / name).write_text("edited by hand")
    assert desk.publish() == ()
    assert publish(desk.config, desk.store, force=True) == (name,)
    assert desk.files() == before


def test_a_picture_that_another_article_shows_stays(desk: Desk) -> None:
    desk.say("one", 1, 2, medium=1)
    desk.translate()
    desk.publish()
    picture = f"media/{desk.media[1]}"
    desk.store.prune("one", keep=1, now=desk.now)
    desk.publish()
    assert picture in desk.files()
    desk.say("one", 2, medium=2)
    desk.translate()
    desk.publish()
    assert picture not in desk.files()


def test_the_feeds_of_an_output_that_is_no_more_are_removed(desk: Desk) -> None:
    desk.say("one", 1)
    desk.publish()
    assert "all.rss" in desk.files()
    desk.config = replace(desk.config, outputs=desk.config.outputs[1:])
    desk.publish()
    assert "all.rss" not in desk.files()


def read(desk: Desk, name: str) -> html.HtmlElement:
    return html.document_fromstring((desk.root / "public" / name).read_bytes())


def neighbours(desk: Desk, source_id: str, number: int) -> dict[str, str]:
    """Where the page of an article leads to, by the number of the article there."""
    by_page = {page_name(source_id, f"https://{source_id}.example/{n}"): str(n) for n in range(10)}
    page = page_name(source_id, f"https://{source_id}.example/{number}")
    links = read(desk, page).xpath('/html/head/link[@rel="prev" or @rel="next"]')
    return {e.get("rel"): by_page[f"articles/{source_id}/{e.get('href')}"] for e in links}


def test_what_another_version_remembered_is_made_anew(desk: Desk) -> None:
    desk.say("one", 1)
    desk.publish()
    with sqlite3.connect(desk.config.data_dir / "feedsvc.sqlite") as connection:
        connection.execute("UPDATE published SET data = '{\"files\": []}' WHERE kind = 'output'")
    connection.close()
    desk.config = replace(desk.config, outputs=desk.config.outputs[1:])
    desk.say("two", 2)
    desk.publish()
    assert desk.files() == desk.anew()
    assert "all.rss" not in desk.files()


def test_a_page_leads_to_the_articles_before_and_after_it(desk: Desk) -> None:
    desk.say("one", 1, 3, 5)
    desk.say("two", 4)
    desk.translate()
    desk.publish()
    assert neighbours(desk, "one", 1) == {"next": "3"}
    assert neighbours(desk, "one", 3) == {"prev": "1", "next": "5"}
    assert neighbours(desk, "one", 5) == {"prev": "3"}
    desk.say("one", 4)
    desk.publish()
    assert neighbours(desk, "one", 3)["next"] == "5"  # what waits has no page yet
    desk.translate()
    desk.publish()
    assert (neighbours(desk, "one", 3)["next"], neighbours(desk, "one", 5)["prev"]) == ("4", "4")
    desk.store.prune("one", keep=2, now=desk.now)
    desk.publish()
    assert neighbours(desk, "one", 4) == {"next": "5"}


def test_articles_of_one_date_stand_in_one_row(desk: Desk) -> None:
    desk.say("one", 1, 2, 3, dated=False)
    desk.translate()
    desk.publish()
    assert [neighbours(desk, "one", n) for n in (1, 2, 3)] == [
        {"prev": "2"},
        {"prev": "3", "next": "1"},
        {"next": "2"},
    ]
    desk.say("one", 2, text="改", dated=False)
    desk.translate()
    desk.publish()
    assert desk.files() == desk.anew()


def test_the_index_says_how_many_articles_wait(desk: Desk) -> None:
    desk.say("one", 1, 2, title="One")
    desk.say("two", 1)
    desk.publish()
    assert "3 articles wait for their translation" in read(desk, "index.html").text_content()
    desk.translate(limit=1)
    desk.publish()
    assert "2 articles wait for their translation" in read(desk, "index.html").text_content()
    desk.translate()
    assert "index.html" in desk.publish()
    assert "for their translation" not in read(desk, "index.html").text_content()
    assert "From One, two, three" in read(desk, "index.html").text_content()


@pytest.mark.parametrize(
    ("trouble", "shown"),
    [
        ({"failures": 1, "http_status": 503, "problems": ("x, wait until 12:00",)}, "answers with 503"),
        ({"failures": 1, "problems": ("https://a.example/f?key=a:b: no answer",)}, "example/f: no answer"),
        ({"problems": tuple(f"entry {n}" for n in range(9))}, "and 4 more problems"),
    ],
)
def test_the_index_says_what_is_wrong_with_a_source_but_no_secret(
    desk: Desk, trouble: dict[str, object], shown: str
) -> None:
    desk.say("one", 1)
    desk.translate()
    desk.publish()
    state = replace(desk.store.state("one"), checked_at=desk.now, **trouble)  # type: ignore[arg-type]
    desk.store.save_feeds([("one", None, state)], now=desk.now)
    assert desk.publish() == ("index.html",)
    text = read(desk, "index.html").text_content()
    assert shown in text
    assert "in trouble" in text
    assert "a:b" not in text
    assert desk.publish() == ()


def test_what_is_wrong_with_a_source_is_said_in_the_same_words_at_each_look(desk: Desk) -> None:
    desk.say("one", 1)
    desk.translate()
    for failures in (1, 2, 3):
        failing = {"failures": failures, "http_status": 503, "problems": (f"wait until 12:0{failures}",)}
        desk.store.save_feeds([("one", None, replace(desk.store.state("one"), **failing))], now=desk.now)  # type: ignore[arg-type]
        written = desk.publish()
        assert bool(written) == (failures == 1)


def guids(desk: Desk, slug: str) -> list[str]:
    document = json.loads((desk.root / "public" / f"{slug}.json").read_bytes())
    return [item["id"] for item in document["items"]]


def test_an_output_holds_the_newest_articles_that_it_wants(desk: Desk) -> None:
    desk.say("one", 1, 3, 4)
    desk.say("two", 2, 3)
    desk.say("three", 3)
    desk.translate()
    desk.publish()
    assert guids(desk, "some") == ["https://one.example/3", "https://three.example/3"]
    desk.say("one", 3, text="first")
    desk.say("two", 2, text="second")
    desk.translate()
    desk.publish()
    assert guids(desk, "some") == ["https://three.example/3", "https://two.example/3"]


def test_what_the_filters_refuse_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.say("one", 1, 2, 4, 5)
    desk.translate()
    desk.publish()
    desk.say("one", 3)
    desk.translate()
    asked: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr("feedsvc.selection.refusal", lambda _, article: asked.append(article.entry.guid))
        desk.publish()
    assert asked == ["https://one.example/3"]
    assert guids(desk, "some") == ["https://one.example/3"]


def test_the_same_article_of_two_sources_is_listed_once_as_that_of_the_first(desk: Desk) -> None:
    desk.say("two", 8)
    desk.now += timedelta(hours=1)
    desk.say("one", 8)
    desk.translate()
    desk.publish()
    assert guids(desk, "all") == ["https://two.example/8"]
    assert guids(desk, "one") == ["https://one.example/8"]
    desk.say("two", 9)
    desk.store.prune("two", keep=1, now=desk.now)
    desk.translate()
    desk.publish()
    assert guids(desk, "all") == ["https://two.example/9", "https://one.example/8"]


def archives(desk: Desk, slug: str) -> dict[str, list[str]]:
    """The guids in each archive of an output, by its day."""
    found = {}
    for path in sorted((desk.root / "public").glob(f"{slug}-archive-*.atom")):
        document = etree.parse(path)
        day = path.stem.removeprefix(f"{slug}-archive-")
        found[day] = [e.text or "" for e in document.iterfind("{*}entry/{*}id")]
        assert path.with_suffix(".rss").is_file()
    return found


def chain(desk: Desk, slug: str) -> list[str]:
    """The documents that a reader comes to on the way back from a feed."""
    names, name = [], f"{slug}.atom"
    while name:
        document = etree.parse(desk.root / "public" / name)
        names.append(name)
        links = {e.get("rel"): e.get("href") for e in document.iterfind("{*}link")}
        name = (links.get("prev-archive") or "").rpartition("/")[2]
    return names


def test_what_no_longer_stands_in_a_feed_stands_in_its_archives(desk: Desk) -> None:
    desk.now = desk.now.replace(month=11, day=20)
    desk.say("one", *range(12))
    desk.say("two", 1, 2)
    desk.translate()
    desk.publish()
    held = archives(desk, "one")
    assert guids(desk, "one") == [f"https://one.example/{n}" for n in (11, 10, 9)]
    assert [guid for month in reversed(held) for guid in held[month]] == [
        f"https://one.example/{n}" for n in range(8, -1, -1)
    ]
    assert chain(desk, "one") == ["one.atom", *(f"one-archive-{m}.atom" for m in sorted(held, reverse=True))]
    assert archives(desk, "two") == archives(desk, "all") == archives(desk, "some") == {}


def test_an_archive_that_the_feed_has_left_behind_changes_only_with_its_articles(desk: Desk) -> None:
    desk.say("one", *range(11))
    desk.translate()
    desk.publish()
    desk.say("one", 11)
    desk.translate()
    (changed, *_) = months = [n for n in desk.publish() if "-archive-" in n and n.endswith(".atom")]
    assert months in ([changed], months[:2])
    assert min(archives(desk, "one")) not in changed
    desk.say("one", 0, text="改")
    desk.translate()
    assert [n for n in desk.publish() if "-archive-" in n] == [
        f"one-archive-{min(archives(desk, 'one'))}.{suffix}" for suffix in ("rss", "atom")
    ]


def test_everything_that_can_be_read_lies_packed_beside_itself_on_request(desk: Desk) -> None:
    desk.config = replace(desk.config, precompress=True)
    desk.say("one", *range(6))
    desk.translate()
    desk.publish()
    files = desk.files()
    plain = {name for name in files if not name.endswith((".gz", ".br", ".png"))}
    assert files.keys() - plain == {f"{n}.{s}" for n in plain for s in ("gz", "br")} | {
        n for n in files if n.endswith(".png")
    }
    assert all(gzip.decompress(files[f"{name}.gz"]) == files[name] for name in plain)
    desk.store.prune("one", keep=1, now=desk.now)
    desk.publish()
    assert desk.files() == desk.anew()
    desk.config = replace(desk.config, precompress=False)
    desk.publish()
    assert not [name for name in desk.files() if name.endswith((".gz", ".br"))]
