"""The checks on translations that are right: 10,882 pairs of Chinese and English sentences written for this project.

All of it is made up, also where real people are named: nobody said or did what stands there.
"""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path

from feedsvc.model import Sentence, Verdict
from feedsvc.translate import verbatim
from feedsvc.translate.checks import judge
from feedsvc.translate.engine import Answer

PAIRS = Path(__file__).parent / "gold" / "pairs.tsv.xz"


def test_right_translations_pass_the_checks() -> None:
    verdicts: Counter[Verdict] = Counter()
    refused = []
    with lzma.open(PAIRS, "rt", encoding="utf-8") as lines:
        for line in lines:
            source, target = line.rstrip("\n").split("\t")
            sentence = Sentence(source, "zh", verbatim=tuple(verbatim.addresses(source)))
            verdict = judge(sentence, Answer(text=target), "en")
            verdicts[verdict] += 1
            if verdict is not Verdict.GOOD:
                refused.append((verdict.value, source, target))
    assert verdicts.total() > 10_000
    assert len(refused) < 0.003 * verdicts.total(), refused
