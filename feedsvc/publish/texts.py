"""Every word that pages and feeds say of themselves, in one place. English; another language is another `Texts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedsvc import languages

#: of one, and of any other number
Count = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The words in one language; `{name}` stands for a value."""

    language: str = "en"

    # the line at the end of a translated body
    credit: str = "Machine-translated from {language} by {engine}."
    credit_share: str = "Machine-translated from {language} by {engine}, {done} of {paragraphs}."
    credit_failed: str = (
        "{sentences} in the original, marked {mark}, because the translation failed a check: {reasons}."
    )
    credit_terms: str = "{sentences} may name something otherwise than the glossary does."
    paragraphs: Count = ("{n} paragraph", "{n} paragraphs")
    sentences: Count = ("{n} sentence", "{n} sentences")
    sentences_stand: Count = ("{n} sentence stands", "{n} sentences stand")
    # instead of a translation
    still_in: str = "This article is still in {language}."
    language_unknown: str = "The language of this article is not known."

    # every page
    date: str = "{day} {month} {year}, {time} UTC"
    months: tuple[str, ...] = tuple(
        "January February March April May June July August September October November December".split()
    )
    skip: str = "Skip to the text"
    all_feeds: str = "All feeds"

    # an article
    show: str = "Show"
    show_original: str = "Original"
    show_both: str = "Both"
    show_translation: str = "Translation"
    by: str = "By {names}"
    updated: str = "updated"
    original: str = "Read the original"
    original_in: str = "Read the original in {language}"
    topics: str = "Topics"
    attached: str = "Attached"
    more: str = "More articles"
    newer: str = "Newer"
    older: str = "Older"

    # the index
    how_to: str = "To subscribe, copy an address below, and add it in your feed reader."
    copy: str = "Copy"
    copied: str = "Copied"
    selected: str = "Selected"
    import_all: str = "Import all feeds (OPML)"
    translated_here: str = "Translated offline, on the machine that serves this page."
    feeds: str = "Feeds"
    articles: Count = ("{n} article", "{n} articles")
    last_changed: str = "last changed"
    waiting: Count = ("{n} article waits for its translation", "{n} articles wait for their translation")
    only_from: str = "From {sources}"
    newest: str = "Newest articles"
    nothing_yet: str = "No article yet. They appear here as soon as they are translated."
    trouble: str = "Trouble"
    sources: str = "Sources"
    source_fine: str = "in order"
    source_gone: str = "gone for good"
    source_new: str = "not read yet"
    source_failing: str = "in trouble"
    source_answers: str = "its server answers with {status}"
    more_problems: Count = ("and {n} more problem", "and {n} more problems")
    source_feed: str = "its own feed"
    health: str = "Health of this service"
    empty_title: str = "Nothing to subscribe to yet"
    empty_add: str = "Add a source to the configuration:"
    empty_refresh: str = "Then read and translate it:"

    # a feed that is opened in a browser
    feed_hint: str = "This is a feed: a list of articles for feed readers. To subscribe, copy the address of this page into your feed reader."
    feed_place: str = "The page with all feeds is index.html beside this one."


ENGLISH = Texts()
_BY_LANGUAGE: Mapping[str, Texts] = {text.language: text for text in (ENGLISH,)}


def texts(language: str) -> Texts:
    """The words for readers of a language: English where there are none in it."""
    return _BY_LANGUAGE.get(languages.base(language), ENGLISH)


def count(number: int, forms: Count) -> str:
    """A number and what is counted: `1 article`, `1,204 articles`."""
    return forms[number != 1].format(n=f"{number:,}")
