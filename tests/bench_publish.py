"""What a publishing costs after one entry has changed, beside everything that exists; and all of it anew.

    python tests/bench_publish.py [OUTPUTS ...]     default: 10, 100 and 1000 outputs of 50 entries

Each output has a source of its own. Three publishings are measured, each in a new process: everything anew, after
one changed entry, and after nothing. The second is to be the same within 2×, however many outputs there are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ENTRIES = 50
PARAGRAPHS = 10
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
WHAT = ("anew", "one changed", "nothing changed")


def fill(folder: Path, outputs: int, *, changed: bool = False) -> None:
    """A database of translated entries; or another revision of one of them."""
    from fakes import to_translate

    from feedsvc.config import load_config
    from feedsvc.model import Entry, FetchState, ParsedFeed, Passage, Segment, Translation, Verdict
    from feedsvc.store import Store

    def good(text: str) -> Passage:
        segments = (Segment(source="第一句。", target=text, verdict=Verdict.GOOD),)
        return Passage(text=text, segments=segments)

    config = load_config(folder / "feedsvc.toml")
    with Store(config.database) as store:
        for output in [outputs // 2] if changed else range(outputs):
            source_id = f"s{output}"
            said = [
                Entry(
                    source_id=source_id,
                    guid=f"https://news{output}.example/{number}",
                    link=f"https://news{output}.example/{number}",
                    title=f"第{number}篇报道",
                    body_html=f"<p>各方代表今天举行了第{number}轮会谈，讨论了<b>停火</b>问题。</p>"
                    * PARAGRAPHS
                    + ("<p>修订。</p>" if changed else ""),
                    language="zh",
                    published=BEGAN + timedelta(hours=number),
                )
                for number in ([ENTRIES // 2] if changed else range(ENTRIES))
            ]
            state = FetchState(added_at=BEGAN, title=f"News {output}")
            store.save_feed(source_id, ParsedFeed(entries=tuple(said)), state, now=BEGAN)
            made = []
            for pending in to_translate(store, [source_id], "en"):
                blocks = pending.entry.body_html.count("<p>")
                paragraph = good("The parties met for another round today and spoke of a <b>truce</b>.")
                made.append(
                    (
                        pending,
                        Translation(
                            entry=pending.entry,
                            target_language="en",
                            engine="bench",
                            title=good(f"Report {pending.entry.guid[-2:]}"),
                            summary=Passage(text="", segments=()),
                            categories=(),
                            blocks=(paragraph,) * blocks,
                            attributes=(),
                        ),
                    )
                )
            store.save_group(made, {}, now=BEGAN)


def measure(folder: Path, outputs: int, turn: int) -> None:
    """Print what one publishing took, in this process."""
    from feedsvc.config import load_config
    from feedsvc.publishing import publish
    from feedsvc.store import Store

    config = load_config(folder / "feedsvc.toml")
    with Store(config.database) as store:
        began = time.perf_counter()
        files = publish(config, store)
        took = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1e3
    print(
        f"{outputs:6} outputs  {WHAT[turn]:16} {took:8.3f} s {peak:6.0f} MB   {len(files)} files", flush=True
    )


def main() -> None:
    """What the arguments ask for."""
    if sys.argv[1:2] == ["--one"]:
        measure(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    for outputs in map(int, sys.argv[1:] or ["10", "100", "1000"]):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            sources = "".join(f'[[sources]]\nid = "s{n}"\nfolder = "s{n}"\n' for n in range(outputs))
            (folder / "feedsvc.toml").write_text(
                f'[service]\ndata_dir = "data"\noutput_dir = "public"\n{sources}', encoding="utf-8"
            )
            fill(folder, outputs)
            for turn in range(len(WHAT)):
                if turn == 1:
                    fill(folder, outputs, changed=True)
                command = [sys.executable, __file__, "--one", scratch, str(outputs), str(turn)]
                subprocess.run(command, check=True, env=os.environ | {"HOME": scratch})


if __name__ == "__main__":
    main()
