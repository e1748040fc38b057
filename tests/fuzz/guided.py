"""`python -m fuzz.guided [OPTIONS] [CORPUS]`: atheris (libFuzzer) over the sanitiser and the feed parser."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["feedsvc", "feedparser"]):
    import feedparser  # noqa: F401 - imported late by its only user, which would leave it out of the lead
    from fuzz.properties import check_feed, check_fragment


def check_one_input(data: bytes) -> None:
    """An input that begins with `f` is a feed, any other a fragment of HTML."""
    if data[:1] == b"f":
        check_feed(data[1:])
    else:
        check_fragment(data[1:].decode("utf-8", "replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, check_one_input)
    atheris.Fuzz()
