"""What the log says of what the worker has done."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from feedsvc.model import RunReport
from feedsvc.polling import Polled, Read
from feedsvc.service.logs import say


def say_read(read: Sequence[Read], saved: Polled) -> None:
    """Sources were read and saved; that nothing is new is not worth a line."""
    has_news = saved.new_entries or saved.changed_entries
    say(
        logging.INFO if has_news else logging.DEBUG,
        "read",
        sources=",".join(source.id for source, _, _ in read),
        unchanged=saved.unchanged,
        new=saved.new_entries,
        changed=saved.changed_entries,
    )
    for failure in saved.failures:
        say(logging.WARNING, "source failed", source=failure.source_id, reason=failure.reason)


def say_turn(event: str, report: RunReport, said: set[tuple[str, str]]) -> None:
    """Entries were translated, or could not be: each reason is said once, as long as it is among the `said`."""
    entries = report.translated_entries + report.improved_entries
    if entries:
        say(logging.INFO, event, entries=entries, sentences=report.sentences)
    for failure in report.failures:
        if (failure.source_id, failure.reason) not in said:
            say(logging.WARNING, "not translated", source=failure.source_id, reason=failure.reason)
        said.add((failure.source_id, failure.reason))
