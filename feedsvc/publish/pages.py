"""The pages: an article in both languages, and the index of what can be subscribed to. No JavaScript, no outside asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from feedsvc import languages
from feedsvc.publish.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One output, as the index shows it."""

    slug: str
    title: str
    entries: int
    updated: datetime | None
    newest: tuple[Item, ...]


def article_page(item: Item) -> bytes:
    """The reading page of an article."""
    return _render(
        "article.html",
        item=item,
        content=Markup(item.content_html),  # noqa: S704 - sanitised at ingest, put together by `layout`
    )


def index_page(outputs: Sequence[Listed], *, name: str, base_url: str, language: str) -> bytes:
    """The page that says what there is to subscribe to."""
    return _render("index.html", outputs=outputs, service_name=name, base_url=base_url, language=language)


def _render(template: str, /, **values: object) -> bytes:
    return _template(template).render(**values).encode()


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("feedsvc.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["date"] = lambda when: f"{when.day} {when:%B %Y, %H:%M} UTC"
    environment.filters["direction"] = languages.direction
    environment.filters["language_name"] = languages.name
    return environment.get_template(name)
