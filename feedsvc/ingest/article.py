"""One file of a folder: bytes → entry, and what it shows of the files beside it."""

from __future__ import annotations

import codecs
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.detect import detect
from feedsvc.errors import FrontMatterError
from feedsvc.ingest import frontmatter
from feedsvc.ingest.markdown import page_title, to_html
from feedsvc.ingest.media import LocalMedia
from feedsvc.ingest.sanitize import clean_text, safe_url, sanitise, text_of, with_lead_image
from feedsvc.model import Entry, KnownFile, Medium, Source

_GUIDS = uuid.UUID("7d3f0b8e-5f0c-5b0e-9c1d-2a6b8f4e1c37")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DECLARED = re.compile(rb"""<meta\b[^<>]*\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_WITHIN = 4096
#: what those who say one of these mean (WHATWG Encoding Standard)
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs"}
_SHOWN = frozenset({"img", "audio", "video", "source"})


@dataclass(slots=True)
class Shown:
    """What an article shows of the files beside it, gathered while its references are resolved."""

    media: dict[str, Medium] = field(default_factory=dict)
    #: each file that it refers to, as it is now; its digest is "" where it is not shown
    files: dict[str, KnownFile] = field(default_factory=dict)


def read_article(data: bytes, path: str, source: Source, local: LocalMedia) -> tuple[Entry, Shown]:
    """The article in a file, whose path is relative to the folder.

    Without a guid or link of its own its guid is made of the source's id and its path. Pictures, sounds and
    films beside it are referred to as `media:<name>`; what is amiss with them is a problem of their files.

    Raises: FrontMatterError with the reason.
    """
    suffix = PurePosixPath(path).suffix.lower()
    meta, body = frontmatter.split(decode(data))
    link = safe_url(frontmatter.first(meta, "link", "url", "source_url"))
    guid = (
        frontmatter.text(meta, "guid", "id")
        or link
        or f"urn:uuid:{uuid.uuid5(_GUIDS, f'{source.id}/{path}')}"
    )
    references = _References(path, local, link)
    image = frontmatter.image(meta)
    image_url = references.medium(image, is_shown=True) or safe_url(image, base_url=link)
    body_html = references.resolved(sanitise(to_html(body, suffix), base_url=None))
    title = text_of(frontmatter.text(meta, "title") or page_title(body, suffix))
    text = text_of(body_html)
    if not title and not text:
        raise FrontMatterError("has neither a title nor a body")
    entry = Entry(
        source_id=source.id,
        guid=clean_text(guid),
        link=link,
        title=title,
        summary=text_of(frontmatter.text(meta, "summary", "description")),
        body_html=with_lead_image(body_html, image_url),
        language=source.language or frontmatter.language(meta) or detect(f"{title} {text}"),
        published=frontmatter.moment(meta, "date", "published"),
        updated=frontmatter.moment(meta, "updated", "lastmod"),
        authors=frontmatter.names(meta, "authors", "author"),
        categories=frontmatter.names(meta, "categories", "tags"),
        image_url=image_url,
    )
    return entry, references.shown


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, or what its byte order mark or a `<meta charset>` says. Never a guess.

    Raises: FrontMatterError.
    """
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    if marked:
        return _decoded(data, marked)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        declared = _DECLARED.search(data, 0, _DECLARATION_WITHIN)
        name = declared[1].decode().lower() if declared else "utf-8"
        if name in ("utf-8", "utf8") or name.startswith("utf-16"):
            raise FrontMatterError(f"is not UTF-8 (byte {error.start})") from error
        return _decoded(data, _SUPERSETS.get(name, name))


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise FrontMatterError(
            f"is not the {error.encoding} that it says it is (byte {error.start})"
        ) from error
    except LookupError as error:
        raise FrontMatterError(f'says that it is in "{name}", an encoding that is not known') from error


class _References:
    """Resolves the references of one article: to files beside it, else against its link."""

    def __init__(self, path: str, local: LocalMedia, link: str | None) -> None:
        self._path = path
        self._local = local
        self._link = link
        self.shown = Shown()

    def resolved(self, body_html: str) -> str:
        """A sanitised body with every reference resolved.

        What leads nowhere in a feed, such as links within the page, goes; the text of a link stays.
        """
        root = markup.parse(body_html)
        for element, name in list(_references(root)):
            value = element.get(name, "").strip()
            if element.tag == "a" and value.startswith("#"):
                element.drop_tag()
            elif medium := self.medium(value, is_shown=element.tag in _SHOWN and name != "cite"):
                element.set(name, medium)
            elif self._link is not None or value.startswith("//"):
                _make_absolute(element, name, self._link or "https:")
            elif _is_absolute(value):
                continue
            elif element.tag == "a":
                element.drop_tag()
            else:
                del element.attrib[name]
        return markup.inner_html(root)

    def medium(self, reference: str | None, *, is_shown: bool) -> str | None:
        """`media:<name>` for a reference to a file beside the article that can be shown; None for any other.

        `is_shown`: the reference is meant to be seen or heard, so that it is a problem where it cannot be.
        """
        path = self._local.find(reference, self._path) if reference else None
        if path is None:
            return None
        file, medium = self._local.look(path), self._local.medium(path)
        if self._link and path not in self._local:
            file = replace(file, problem=None)  # it may well be beside the article on the web
        if is_shown or medium:
            self.shown.files[path] = file
        if medium:
            self.shown.media[medium.name] = medium
        return f"media:{medium.name}" if medium else None


def _references(root: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    for element in root.iter():
        if isinstance(element.tag, str):
            yield from ((element, name) for name in ("href", "src", "poster", "cite") if element.get(name))


def _is_absolute(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


def _make_absolute(element: HtmlElement, name: str, link: str) -> None:
    try:
        element.set(name, urljoin(link, element.get(name, "").strip()))
    except ValueError:
        del element.attrib[name]
