"""What the service tells those that watch it: whether it is ready (`/healthz`), and figures (`/metrics`).

Pure functions of an `Observation`, and of a `Done` that the worker counts up.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feedsvc.model import FetchState, Spent

#: what an answer of a source may be in `feedsvc_fetches_total`
OUTCOMES = ("new", "unchanged", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """How the articles of a source fare; each is counted once, but under `sentences`."""

    good: int = 0
    #: at least one sentence failed its checks and is shown in the original
    doubtful: int = 0
    #: for their translation
    waiting: int = 0
    #: sentences by verdict
    sentences: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a worker has done since it started."""

    #: fetches by outcome
    fetches: Mapping[str, int] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The state of the service at one time."""

    #: why it cannot do its work, one sentence each; ready without any
    problems: tuple[str, ...] = ()
    #: what a person should look at some time
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, FetchState] = field(default_factory=dict)
    articles: Mapping[str, Articles] = field(default_factory=dict)
    #: None where no worker runs in this process
    done: Done | None = None


class Tally:
    """Counts what a worker does; any thread may add. `spent` tells what translating has taken."""

    def __init__(self, spent: Callable[[], Spent] = Spent) -> None:
        self._spent = spent
        self._lock = threading.Lock()
        self._fetches: Counter[str] = Counter()

    def fetched(self, outcome: str, count: int = 1) -> None:
        """Sources were asked; `outcome` is one of `OUTCOMES`."""
        assert outcome in OUTCOMES, outcome
        with self._lock:
            self._fetches[outcome] += count

    def done(self) -> Done:
        """All of it so far."""
        with self._lock:
            return Done(fetches=dict(self._fetches), spent=self._spent())


def health(seen: Observation) -> dict[str, Any]:
    """The answer of `/healthz`: whether the service is ready, why not, and what else is amiss."""
    return {
        "ready": not seen.problems,
        "problems": list(seen.problems),
        "warnings": [*seen.warnings, *_warnings(seen.sources)],
    }


def _warnings(sources: Mapping[str, FetchState]) -> Iterator[str]:
    for source_id, state in sorted(sources.items()):
        if state.gone_at is not None:
            yield f"{source_id}: is gone"
        elif state.failures:
            times = "the last time" if state.failures == 1 else f"{state.failures} times in a row"
            yield f"{source_id}: could not be read {times}"


def metrics(seen: Observation, answers: Mapping[int, int]) -> str:
    """The answer of `/metrics`; `answers` are those that the web server gave, by status.

    Spec: Prometheus text format 0.0.4.
    """
    families = [
        _family("ready", "gauge", "Whether the service can do its work.", [({}, int(not seen.problems))]),
        *_of_articles(seen.articles),
        *_of_sources(seen.sources),
        *(_of_work(seen.done) if seen.done else []),
        _family(
            "http_responses_total",
            "counter",
            "Answers of the web server that are files, by status.",
            [({"status": str(status)}, count) for status, count in sorted(answers.items())],
        ),
    ]
    return "".join(families)


def _of_articles(articles: Mapping[str, Articles]) -> Iterator[str]:
    ordered = sorted(articles.items())
    yield _family(
        "articles",
        "gauge",
        "Articles by source and verdict; doubtful: a sentence or more is shown in the original.",
        [
            ({"source": source_id, "verdict": verdict}, getattr(several, verdict))
            for source_id, several in ordered
            for verdict in ("good", "doubtful", "waiting")
        ],
    )
    yield _family(
        "sentences",
        "gauge",
        "Sentences of these articles by source and verdict.",
        [
            ({"source": source_id, "verdict": verdict}, count)
            for source_id, several in ordered
            for verdict, count in several.sentences.items()
        ],
    )
    queue = sum(several.waiting for several in articles.values())
    yield _family("queue_articles", "gauge", "Articles that wait for their translation.", [({}, queue)])


def _of_sources(sources: Mapping[str, FetchState]) -> Iterator[str]:
    ordered = sorted(sources.items())
    yield _family(
        "source_failures",
        "gauge",
        "How often in a row a source could not be read; 0 where it can.",
        [({"source": source_id}, state.failures) for source_id, state in ordered],
    )
    for name, text, times in (
        ("last_success", "When a source was last read.", [(i, s.succeeded_at) for i, s in ordered]),
        ("next_check", "When a source will be read next.", [(i, s.next_check_at) for i, s in ordered]),
    ):
        yield _family(f"source_{name}_timestamp_seconds", "gauge", text, _timestamps(times))
    latest = max((s.succeeded_at for s in sources.values() if s.succeeded_at), default=None)
    yield _family(
        "last_success_timestamp_seconds",
        "gauge",
        "When any source was last read.",
        [({}, latest.timestamp())] if latest else [],
    )


def _of_work(done: Done) -> Iterator[str]:
    yield _family(
        "fetches_total",
        "counter",
        "Sources asked, by what came of it.",
        [({"outcome": outcome}, done.fetches.get(outcome, 0)) for outcome in OUTCOMES],
    )
    for name, text, value in (
        ("translated_sentences_total", "Sentences sent to the engine.", done.spent.sentences),
        ("translated_tokens_total", "Tokens read and written by the engine.", done.spent.tokens),
        ("translation_seconds_total", "Time that the engine took.", done.spent.seconds),
    ):
        yield _family(name, "counter", text, [({}, value)])


def _timestamps(times: Iterable[tuple[str, datetime | None]]) -> list[tuple[dict[str, str], float]]:
    return [({"source": source_id}, when.timestamp()) for source_id, when in times if when]


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> str:
    """One metric with its help and type; nothing where there are no samples."""
    lines = [f"feedsvc_{name}{_labels(labels)} {value:.16g}\n" for labels, value in samples]
    if not lines:
        return ""
    return f"# HELP feedsvc_{name} {text}\n# TYPE feedsvc_{name} {kind}\n{''.join(lines)}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
