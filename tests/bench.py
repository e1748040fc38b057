"""Speed of the translation path on this machine: ours against argos' own way of calling the same model.

    python tests/bench.py [ROUNDS]

Configurations take turns, so that noise of the machine falls on all of them; compare ratios, not seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2

from feedsvc.config import load_config
from feedsvc.ingest.folder import read_folder
from feedsvc.model import Pending
from feedsvc.translate import Models, article
from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.packages import Model, tokenizer

DEMO = Path(__file__).resolve().parents[1] / "config" / "demo.toml"


def sentences() -> list[str]:
    """The distinct sentences of the sample articles."""
    entries = read_folder(load_config(DEMO).sources[0]).entries
    pending = [Pending(entry=e, content_hash="", changed_at=None, previous=None) for e in entries]
    return [text for text, _ in article.distinct(article.outline(p, "zh") for p in pending)]


def as_argos_does(model: Model) -> Callable[[list[str]], Any]:
    """One call for each sentence: beam 4, batches of 32 tokens, one thread."""
    pieces = tokenizer(model)
    engine = ctranslate2.Translator(
        str(model.path / "model"), compute_type="int8", inter_threads=1, intra_threads=0
    )

    def run(texts: list[str]) -> list[Any]:
        return [
            engine.translate_batch(
                [pieces.encode(text, out_type=str)], beam_size=4, max_batch_size=32, batch_type="tokens"
            )
            for text in texts
        ]

    return run


def main() -> None:
    """Print a table: wall seconds, sentences a second, ratio to argos' way."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as scratch:
        model = Models(Path(scratch)).find("zh", "en")
        loaded = LoadedModel(model)
        ways: dict[str, Callable[[list[str]], Any]] = {
            "argos: one by one, beam 4": as_argos_does(model),
            "feedsvc, one by one": lambda texts: [loaded.translate([t], careful=False) for t in texts],
            "feedsvc, batched": lambda texts: loaded.translate(texts, careful=False),
            "feedsvc, batched, careful": lambda texts: loaded.translate(texts, careful=True),
        }
        texts = sentences()
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                began = time.perf_counter()
                way(texts)
                took[name].append(time.perf_counter() - began)
    base = statistics.median(took["argos: one by one, beam 4"])
    print(f"{model.engine}: {len(texts)} sentences, {rounds} rounds, median")
    for name, seconds in took.items():
        median = statistics.median(seconds)
        print(f"{name:28} {median:7.2f} s {len(texts) / median:8.1f} sentences/s {base / median:6.1f}x")


if __name__ == "__main__":
    main()
