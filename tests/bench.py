"""Speed and memory of the translation path on this machine, against argos' own path with the same model.

    python tests/bench.py [ROUNDS]        speed, with the bundled model and one of Argos' real size
    python tests/bench.py --memory        peak memory of translating 1,000 short articles with the large model
    python tests/bench.py --quality FILE  BLEU and chrF of both paths (FILE: source, reference, … a line; needs sacrebleu)

Configurations take turns, so that noise of the machine falls on all of them; compare ratios, not seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["HOME"] = tempfile.mkdtemp()  # importing argostranslate makes folders there

import ctranslate2
from argostranslate.package import Package
from argostranslate.translate import apply_packaged_translation
from conftest import NOW
from grown import grow

from feedsvc.config import load_config
from feedsvc.ingest.folder import read_folder
from feedsvc.model import Entry, ParsedFeed, Pending
from feedsvc.translate import ArgosTranslator, Models, article, batch
from feedsvc.translate.engine import BATCH_TOKENS, LoadedModel
from feedsvc.translate.packages import Model, tokenizer
from feedsvc.translate.sentences import split

DEMO = Path(__file__).resolve().parents[1] / "config" / "demo.toml"


class OurSentences:
    """Stands in for argos' own splitters, which want the network."""

    def split_sentences(self, text: str) -> list[str]:
        return [text[start:end] for start, end in split(text, "zh")]


class OneModel(Models):
    """A single package, wherever it lies."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.path)
        self._model = model

    def route(self, source_language: str, target_language: str) -> tuple[Model, ...]:
        return (self._model,)


def sample(copies: int = 1) -> list[article.Outline]:
    """The sample articles; of further copies each sentence is another one."""
    feed = read_folder(load_config(DEMO).sources[0], {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    return [outline(marked(entry, number)) for number in range(copies) for entry in feed.entries]


def outline(entry: Entry) -> article.Outline:
    return article.outline(Pending(entry=entry, content_hash="", changed_at=None, previous=None), "zh")


def marked(entry: Entry, number: int) -> Entry:
    if not number:
        return entry
    name = chr(ord("甲") + number)
    return replace(entry, guid=f"{entry.guid}#{number}", body_html=entry.body_html.replace("。", f"{name}。"))


def shortened(entry: Entry) -> Entry:
    """An entry with the first paragraphs of its body."""
    return replace(entry, body_html="</p>".join(entry.body_html.split("</p>")[:2]) + "</p>")


def argos_path(model: Model) -> Callable[[Sequence[str]], list[str]]:
    """Argos' own translation of paragraphs, one by one, with the settings that it has by default."""
    package = Package(model.path)
    engine = ctranslate2.Translator(str(model.path / "model"), device="cpu", inter_threads=1, intra_threads=0)

    def run(paragraphs: Sequence[str]) -> list[str]:
        return [apply_packaged_translation(package, p, engine, OurSentences())[0].value for p in paragraphs]

    return run


def our_path(model: Model, beam_size: int) -> Callable[[Sequence[article.Outline]], list[batch.Done]]:
    """Everything between an entry and its translation, group by group."""
    translator = ArgosTranslator(OneModel(model), beam_size=beam_size)
    engines = {"zh": translator.engine("zh", "en")}

    def run(outlines: Sequence[article.Outline]) -> list[batch.Done]:
        return [
            batch.translate_group(group, translator, engines, target_language="en", recall=lambda keys: {})
            for group in article.groups(outlines)
        ]

    return run


def bare_batch(model: Model, texts: Sequence[str], beam_size: int) -> Callable[[], Any]:
    """One call of CTranslate2 with all sentences, and nothing around it."""
    tokens = sorted((tokenizer(model).encode(text) for text in texts), key=len)
    engine = ctranslate2.Translator(
        str(model.path / "model"), compute_type="int8", inter_threads=os.cpu_count() or 1, intra_threads=1
    )
    return lambda: engine.translate_batch(
        tokens, beam_size=beam_size, max_batch_size=BATCH_TOKENS, batch_type="tokens", return_scores=True
    )


def speed(rounds: int) -> None:
    """Print seconds and ratios for the bundled model and a large one."""
    outlines = sample()
    units = [(o.title, o.summary, *o.categories, *o.blocks, *o.attributes) for o in outlines]
    paragraphs = [u.inline.text for several in units for u in several if u.inline.text]
    texts = [s.text for s in article.distinct(outlines)]
    with tempfile.TemporaryDirectory() as scratch:
        small = Models(Path(scratch)).find("zh", "en")
        large = replace(small, path=grow(small.path, Path(scratch)))
        for name, model in (("the bundled model", small), ("a model of Argos' real size", large)):
            print(f"\n{name}: {len(paragraphs)} paragraphs, {len(texts)} distinct sentences, {rounds} rounds")
            compare(model, outlines, paragraphs, texts, rounds)


def compare(
    model: Model,
    outlines: Sequence[article.Outline],
    paragraphs: Sequence[str],
    texts: Sequence[str],
    rounds: int,
) -> None:
    argos, ours2, ours4 = argos_path(model), our_path(model, 2), our_path(model, 4)
    engine = LoadedModel(model, beam_size=2)
    ways: dict[str, Callable[[], Any]] = {
        "argos, beam 4": lambda: argos(paragraphs),
        "feedsvc, beam 4": lambda: ours4(outlines),
        "feedsvc, beam 2 (default)": lambda: ours2(outlines),
        "its engine alone": lambda: list(engine.stream(texts)),
        "bare translate_batch, beam 2": bare_batch(model, texts, 2),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - began)
    base = statistics.median(took["argos, beam 4"])
    for name, seconds in took.items():
        median = statistics.median(seconds)
        print(f"{name:30} {median:7.2f} s {len(texts) / median:8.1f} sentences/s {base / median:6.1f}x")


def memory() -> None:
    """Print what 1,000 articles add to the peak, beside the model; measured in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        large = grow(Models(Path(scratch)).find("zh", "en").path, Path(scratch))
        subprocess.run([sys.executable, __file__, "--memory-of", str(large)], check=True)


def memory_of(path: Path) -> None:
    """Print the peak of this process when it translates with the model at a path."""
    with tempfile.TemporaryDirectory() as scratch:
        model = replace(Models(Path(scratch)).find("zh", "en"), path=path)
        outlines = [outline(shortened(o.pending.entry)) for o in sample(100)]
        sentences = len(article.distinct(outlines))
        before = peak_mb()
        our_path(model, 2)(outlines)
    size = (path / "model" / "model.bin").stat().st_size / 1e6
    print(f"{len(outlines)} articles, {sentences} distinct sentences: peak {peak_mb():.0f} MB")
    print(f"({before:.0f} MB before the model was loaded; the model's file is {size:.0f} MB)")


def peak_mb() -> float:
    """The most memory that this process has had (Linux); what `getrusage` says begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1e3


def quality(path: Path) -> None:
    """Print BLEU and chrF of both paths with the bundled model."""
    import sacrebleu

    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    references = [list(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    with tempfile.TemporaryDirectory() as scratch:
        model = Models(Path(scratch)).find("zh", "en")
        outlines = [
            outline(Entry(source_id="", guid=str(i), title="", summary=row[0], language="zh"))
            for i, row in enumerate(rows)
        ]
        made = [t for done in our_path(model, 2)(outlines) for _, t in done.translations]
        ways = {
            "feedsvc": [" ".join(s.target for s in t.summary.segments) for t in made],
            "argos": argos_path(model)([row[0] for row in rows]),
        }
    for name, shown in ways.items():
        bleu = sacrebleu.corpus_bleu(shown, references).score
        chrf = sacrebleu.corpus_chrf(shown, references).score
        print(f"{name:8} BLEU {bleu:5.2f}  chrF {chrf:5.2f}")


def main() -> None:
    """What the arguments ask for."""
    if "--memory" in sys.argv:
        memory()
    elif "--memory-of" in sys.argv:
        memory_of(Path(sys.argv[-1]))
    elif "--quality" in sys.argv:
        quality(Path(sys.argv[-1]))
    else:
        speed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)


if __name__ == "__main__":
    main()
