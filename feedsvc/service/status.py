"""What the service knows of itself, as plain data; the command line and the pages show it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from feedsvc.config import Config
from feedsvc.model import FetchState, OutputFeed, Verdict
from feedsvc.store import Store
from feedsvc.translate import Translator
from feedsvc.translating import backlog


def status(config: Config, store: Store, translator: Translator) -> dict[str, Any]:
    """Sources, outputs and verdicts; times as ISO 8601 strings, every key always there."""
    counts = store.counts(config.target_language)
    stuck = backlog(config, store, translator)
    states = store.states([source.id for source in config.sources])
    sources = []
    for source in config.sources:
        state = states[source.id]
        sources.append(
            {
                "id": source.id,
                "location": source.location,
                "title": state.title,
                **counts.get(source.id, {"entries": 0, "pending": 0}),
                "state": _state(state),
                "http_status": state.http_status,
                "checked_at": _iso(state.checked_at),
                "succeeded_at": _iso(state.succeeded_at),
                "next_check_at": _iso(state.next_check_at),
                "next_check_reason": state.next_check_reason or None,
                "not_before": _iso(state.not_before),
                "gone_at": _iso(state.gone_at),
                "moved_to": state.moved_to,
                "failures": state.failures,
                "problems": [*state.problems, *(f.reason for f in stuck if f.source_id == source.id)],
            }
        )
    return {
        "target_language": config.target_language,
        "sources": sources,
        "output_dir": str(config.output_dir),
        "outputs": [_output(config, output) for output in config.outputs],
        "verdicts": _verdicts(config, store),
    }


def _state(state: FetchState) -> str:
    """How a source fares, in a word or two."""
    if state.gone_at is not None:
        return "gone"
    if state.failures:
        return "waiting" if state.not_before is not None else "failing"
    if state.problems:
        return "problems"
    return "ok" if state.checked_at else "not read yet"


def _output(config: Config, output: OutputFeed) -> dict[str, Any]:
    """What there is of an output, on disk and for readers."""
    names = [f"{output.slug}.{suffix}" for suffix in ("rss", "atom", "json")]
    published = [name for name in names if (config.output_dir / name).is_file()]
    return {
        "slug": output.slug,
        "sources": list(output.source_ids),
        "files": [str(config.output_dir / name) for name in published],
        "addresses": [f"{config.base_url}{name}" for name in published],
    }


def _verdicts(config: Config, store: Store) -> dict[str, int]:
    """How many sentences of what is published got which verdict."""
    found: Counter[str] = Counter({verdict.value: 0 for verdict in Verdict})
    for article in store.articles([s.id for s in config.sources], config.target_language):
        if article.translation:
            found.update(s.verdict.value for p in article.translation.passages for s in p.segments)
    return dict(found)


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
