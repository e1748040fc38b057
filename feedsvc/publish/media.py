"""The files that belong to articles: where they are published, and their addresses in feeds and pages.

Bodies and lead pictures refer to them as `media:<name>`; no source can, as the scheme is not among those that
sanitising lets through.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from feedsvc.errors import PublishError
from feedsvc.model import Entry
from feedsvc.publish.files import UNFINISHED

FOLDER = "media"
#: matches the names of our files, and hardly those of others
PATTERN = f"{'[0-9a-f]' * 64}.*"
_NAME = r"media:([0-9a-f]{64}\.[a-z0-9]{3,4})"
_REFERENCE = re.compile(rf'(?<=="){_NAME}(?=")')
_ADDRESS = re.compile(_NAME)


def names(entry: Entry) -> list[str]:
    """The names of the files that an entry refers to, each once."""
    own = _ADDRESS.fullmatch(entry.image_url or "")
    return list(dict.fromkeys([*([own[1]] if own else []), *_REFERENCE.findall(entry.body_html)]))


def with_addresses(html: str, base_url: str) -> str:
    """HTML whose references lead to where the files are published."""
    return _REFERENCE.sub(lambda found: f"{base_url}{FOLDER}/{found[1]}", html)


def address(url: str | None, base_url: str) -> str | None:
    """A URL, or where the file is published that it stands for."""
    found = _ADDRESS.fullmatch(url or "")
    return f"{base_url}{FOLDER}/{found[1]}" if found else url


def put(source: Path, path: Path) -> bool:
    """Have a file in the output folder, as a second name of its source if the file system can.

    False where it is there already, or its source is not: nothing can be done about that here.

    Raises: PublishError.
    """
    if path.exists() or not source.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, path)
        except OSError:  # on another file system, or on one without such links
            unfinished = path.with_name(f".{path.name}{UNFINISHED}")
            shutil.copyfile(source, unfinished)
            with unfinished.open("rb") as copy:
                os.fsync(copy.fileno())  # what is there is never looked at again
            unfinished.replace(path)
    except OSError as error:
        raise PublishError(path, f"cannot be written: {error.strerror}") from error
    return True
