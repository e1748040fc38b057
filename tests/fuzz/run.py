"""`python -m fuzz.run MINUTES`: fuzz the sanitiser and the feed parser; stops at the first finding.

Half of the time hypothesis builds hostile documents, half of it atheris changes known ones, led by what code
they reach. Each finding is shrunk and printed: keep it in `test_fuzz.py`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fuzz.properties import check_feed, check_fragment
from fuzz.strategies import FORMATS, NAMES, ODD, ORDINARY, STRANGE, VALUES, feed_of, feeds, fragments
from fuzz.vectors import CLOSED, ENDLESS
from hypothesis import HealthCheck, given, settings

DATA = Path(__file__).resolve().parents[1] / "data"
ROUND = 500  # documents
VECTORS = [*CLOSED, *ENDLESS]
at_length = settings(
    max_examples=ROUND, deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=True
)


def main(minutes: float) -> int:
    """The exit status: 0 if nothing was found."""
    built = _build(minutes * 60 / 2)
    print(f"{built:,} documents built, nothing found", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return _guide(Path(folder), minutes * 60 / 2)


def _build(seconds: float) -> int:
    checks: list[Callable[[], None]] = [
        at_length(given(fragments)(check_fragment)),
        at_length(given(document=feeds())(lambda document: check_feed(document))),
    ]
    until, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        checks[rounds % 2]()
        rounds += 1
    return rounds * ROUND


def _guide(folder: Path, seconds: float) -> int:
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir()
    for number, seed in enumerate(_seeds()):
        (corpus / str(number)).write_bytes(seed)
    tokens = [*ODD, *VALUES, *NAMES, *(f"<{tag}>" for tag in [*ORDINARY, *STRANGE])]
    words.write_text("".join(f'"{_quoted(token)}"\n' for token in tokens if token), encoding="ascii")
    options = [f"-max_total_time={seconds:.0f}", f"-dict={words}", "-timeout=20", "-max_len=20000"]
    command = [sys.executable, "-m", "fuzz.guided", *options, "-print_final_stats=1", str(corpus)]
    return subprocess.run(command, check=False).returncode


def _seeds() -> list[bytes]:
    """Inputs for `guided`: the first byte says what they are."""
    documents = [p.read_bytes() for p in sorted(DATA.rglob("*")) if p.is_file() and p.stat().st_size < 20_000]
    made = [feed_of(kind, "<p>one</p>").encode() for kind in FORMATS]
    return [b"f" + d for d in [*documents, *made]] + [b"h" + v.encode("utf-8", "replace") for v in VECTORS]


def _quoted(token: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token.encode("utf-8", "replace"))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
