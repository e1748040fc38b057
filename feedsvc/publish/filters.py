"""Which articles an output wants: by word, category and language, in the original or in translation. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from feedsvc import markup
from feedsvc.model import Article, Filters

#: letters of scripts that have no spaces between words, or join words with what belongs to them
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_SPACED_LETTER = rf"[^\W{_UNSPACED}]"


def refusal(filters: Filters, article: Article) -> str | None:
    """Why an output with these filters does not want an article, as half a sentence; None where it does.

    A word of Chinese and the like is found anywhere, one of other scripts only as a whole word; small and capital
    letters count alike. A category counts as a whole; a language with its varieties.
    """
    if filters.languages and not _is_in(article.entry.language, filters.languages):
        return f"its language is {article.entry.language or 'unknown'}"
    if filters.categories or filters.exclude_categories:
        own = {_folded(category) for category in _categories(article)}
        if filters.categories and not own & set(map(_folded, filters.categories)):
            return "none of its categories is asked for"
        if unwanted := [name for name in filters.exclude_categories if _folded(name) in own]:
            return f'it has the excluded category "{unwanted[0]}"'
    if filters.include or filters.exclude:
        text = _folded("\n".join(_texts(article)))
        if filters.include and not _words(filters.include).search(text):
            return "none of the words that are asked for is in it"
        if found := filters.exclude and _words(filters.exclude).search(text):
            return f'the excluded word "{found[0]}" is in it'
    return None


def _is_in(language: str | None, wanted: Iterable[str]) -> bool:
    return language is not None and any(language == tag or language.startswith(f"{tag}-") for tag in wanted)


def _categories(article: Article) -> Iterator[str]:
    yield from article.entry.categories
    if article.translation:
        yield from (passage.text for passage in article.translation.categories)


def _texts(article: Article) -> Iterator[str]:
    entry, made = article.entry, article.translation
    yield from (entry.title, entry.summary, markup.text(markup.parse(entry.body_html)))
    yield from _categories(article)
    if made:
        yield from (made.title.text, made.summary.text)
        yield from (markup.text(markup.parse(block.text)) for block in made.blocks)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@cache
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_word(_folded(word)) for word in words))


def _word(word: str) -> str:
    """A pattern for a word; next to letters of its own kind it is a part of another word."""
    before = rf"(?<!{_SPACED_LETTER})" if re.match(_SPACED_LETTER, word) else ""
    after = rf"(?!{_SPACED_LETTER})" if re.match(_SPACED_LETTER, word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"
