from __future__ import annotations

import re
import threading
from datetime import UTC, datetime

import pytest

from feedsvc.model import FetchState, Spent
from feedsvc.service.serving.observation import Articles, Done, Observation, Tally, health, metrics

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SEEN = Observation(
    sources={
        "fine": FetchState(succeeded_at=NOW, next_check_at=NOW),
        "gone": FetchState(gone_at=NOW, failures=3),
        "late": FetchState(failures=2),
        "once": FetchState(failures=1),
    },
    articles={
        "fine": Articles(good=7, doubtful=2, waiting=1, sentences={"good": 40, "numbers lost": 2}),
        "late": Articles(waiting=4),
    },
    done=Done(fetches={"new": 3, "failed": 1}, spent=Spent(sentences=42, tokens=1200, seconds=3.25)),
)


def samples(text: str) -> dict[str, float]:
    """Every sample of a text in the format of Prometheus, which is checked line by line."""
    found: dict[str, float] = {}
    family = ""
    for line in text.splitlines():
        if described := re.fullmatch(r"# (?:HELP|TYPE) ([a-z_]+) .+", line):
            family = described[1]
            continue
        sample = re.fullmatch(r'(([a-z_]+)(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})?) (\S+)', line)
        assert sample, line
        assert sample[2] == family
        assert sample[1] not in found
        found[sample[1]] = float(sample[3])
    assert text.endswith("\n")
    return found


def test_a_service_without_problems_is_ready() -> None:
    assert health(Observation()) == {"ready": True, "problems": [], "warnings": []}


def test_a_service_that_is_not_ready_says_why() -> None:
    told = health(Observation(problems=("the disk is full",)))
    assert (told["ready"], told["problems"]) == (False, ["the disk is full"])


def test_sources_that_fail_are_said_and_leave_the_service_ready() -> None:
    assert health(SEEN) == {
        "ready": True,
        "problems": [],
        "warnings": [
            "gone: is gone",
            "late: could not be read 2 times in a row",
            "once: could not be read the last time",
        ],
    }


def test_metrics_are_what_prometheus_reads() -> None:
    found = samples(metrics(SEEN, {200: 5, 304: 9}))
    when = NOW.timestamp()
    assert (
        found.items()
        >= {
            "feedsvc_ready": 1,
            'feedsvc_articles{source="fine",verdict="good"}': 7,
            'feedsvc_articles{source="fine",verdict="doubtful"}': 2,
            'feedsvc_articles{source="late",verdict="waiting"}': 4,
            'feedsvc_sentences{source="fine",verdict="numbers lost"}': 2,
            "feedsvc_queue_articles": 5,
            'feedsvc_source_failures{source="late"}': 2,
            'feedsvc_source_last_success_timestamp_seconds{source="fine"}': when,
            'feedsvc_source_next_check_timestamp_seconds{source="fine"}': when,
            "feedsvc_last_success_timestamp_seconds": when,
            'feedsvc_fetches_total{outcome="new"}': 3,
            'feedsvc_fetches_total{outcome="unchanged"}': 0,
            'feedsvc_fetches_total{outcome="failed"}': 1,
            "feedsvc_translated_sentences_total": 42,
            "feedsvc_translated_tokens_total": 1200,
            "feedsvc_translation_seconds_total": 3.25,
            'feedsvc_http_responses_total{status="304"}': 9,
        }.items()
    )
    assert 'feedsvc_source_last_success_timestamp_seconds{source="late"}' not in found


def test_metrics_without_a_worker_say_nothing_of_work() -> None:
    found = samples(metrics(Observation(problems=("no database",)), {}))
    assert found == {"feedsvc_ready": 0, "feedsvc_queue_articles": 0}


def test_labels_are_escaped() -> None:
    text = metrics(Observation(articles={'a"b\\c\nd': Articles()}), {})
    assert r'{source="a\"b\\c\nd",verdict="good"}' in text
    samples(text)


def test_large_numbers_keep_their_digits() -> None:
    done = Done(spent=Spent(tokens=1_234_567_890_123))
    assert "feedsvc_translated_tokens_total 1234567890123\n" in metrics(Observation(done=done), {})


def test_a_tally_counts_what_threads_do() -> None:
    tally = Tally(lambda: Spent(sentences=3))
    threads = [threading.Thread(target=lambda: [tally.fetched("new") for _ in range(100)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.done() == Done(fetches={"new": 800}, spent=Spent(sentences=3))


def test_a_tally_knows_three_outcomes() -> None:
    with pytest.raises(AssertionError):
        Tally().fetched("other")
