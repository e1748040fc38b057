from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc import languages
from feedsvc.errors import ConfigError
from feedsvc.model import Found, Term
from feedsvc.translate.glossary import Glossary, fold, load, missing

NEWS = Path(__file__).parents[2] / "config" / "glossaries" / "zh-en-news.tsv"


def written(folder: Path, content: str | bytes, name: str = "terms.tsv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def loaded(path: Path, text: str) -> list[Term]:
    """The terms of a file that stand in a text."""
    return [found.term for found in load([path]).find(text)]


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("布林肯\tBlinken", Term("布林肯", "Blinken")),
        ("布林肯\tBlinken\tperson", Term("布林肯", "Blinken")),
        ("布林肯\tBlinken\tperson\tTony Blinken", Term("布林肯", "Blinken", ("Tony Blinken",))),
        ("布林肯\tBlinken\t\tA | B||", Term("布林肯", "Blinken", ("A", "B"))),
        (" 布林肯 \t Blinken \t", Term("布林肯", "Blinken")),
    ],
)
def test_a_line_has_a_term_its_translation_its_kind_and_other_forms(
    line: str, term: Term, tmp_path: Path
) -> None:
    assert loaded(written(tmp_path, line), "布林肯") == [term]


@pytest.mark.parametrize(
    "content",
    [
        "布林肯\tBlinken\n普京\tPutin\n",
        "布林肯\tBlinken\r\n普京\tPutin\r\n",
        "\ufeff布林肯\tBlinken\n普京\tPutin",
        "source\ttarget\n布林肯\tBlinken\n普京\tPutin",
        "\ufeffsource\ttarget\tkind\taccepted\r\n布林肯\tBlinken\r\n普京\tPutin",
        "# people\n\n布林肯\tBlinken\n \t \n#普京\tSomebody else\n普京\tPutin",
    ],
)
def test_headers_comments_marks_and_blank_lines_are_no_terms(content: str, tmp_path: Path) -> None:
    glossary = load([written(tmp_path, content)])
    assert len(glossary) == 2
    assert [f.term.target for f in glossary.find("布林肯、普京")] == ["Blinken", "Putin"]


def test_a_line_that_begins_with_source_is_a_term_unless_it_is_the_first(tmp_path: Path) -> None:
    assert loaded(written(tmp_path, "布林肯\tBlinken\nsource\tQuelle"), "source") == [
        Term("source", "Quelle")
    ]


def test_every_line_that_is_no_term_is_named_with_its_file(tmp_path: Path) -> None:
    one = written(tmp_path, "布林肯\tBlinken\n普京\n\tPutin\n普京\t\t\tVladimir Putin\n普京 Putin", "one.tsv")
    two = written(tmp_path, "source\ttarget\n# x\n普京", "two.tsv")
    with pytest.raises(ConfigError) as raised:
        load([one, two])
    places = [problem.split(": ")[0] for problem in raised.value.problems]
    assert places == [f"{one}, line {number}" for number in (2, 3, 4, 5)] + [f"{two}, line 3"]


def test_a_file_that_is_missing_or_not_utf_8_is_named(tmp_path: Path) -> None:
    for path in (
        tmp_path / "none.tsv",
        tmp_path,
        written(tmp_path, "布林肯\tBlinken".encode("gbk")),
        written(tmp_path, "布林肯\tBlinken".encode("utf-16"), "wide.tsv"),
    ):
        with pytest.raises(ConfigError, match="glossary") as raised:
            load([path])
        assert str(path) in str(raised.value)


def test_no_file_and_an_empty_one_hold_no_terms(tmp_path: Path) -> None:
    for glossary in (load([]), load([written(tmp_path, "")]), Glossary()):
        assert (len(glossary), glossary.digest, glossary.find("布林肯")) == (0, "", ())


def test_of_two_files_the_first_counts(tmp_path: Path) -> None:
    ours = written(tmp_path, "布林肯\tMr Blinken\n布林肯\tBlinken", "ours.tsv")
    theirs = written(tmp_path, "布林肯\tBlinken\n普京\tPutin", "theirs.tsv")
    both = load([ours, theirs])
    assert len(both) == 2
    assert [f.term.target for f in both.find("布林肯、普京")] == ["Mr Blinken", "Putin"]
    assert load([theirs, ours]).digest != both.digest


def found(text: str, *sources: str) -> list[str]:
    """What of a text is a term."""
    return [text[f.start : f.end] for f in Glossary(Term(s, s) for s in sources).find(text)]


def test_terms_are_found_wherever_they_stand() -> None:
    glossary = Glossary([Term("布林肯", "Blinken"), Term("基辅", "Kyiv")])
    assert glossary.find("布林肯在基辅，布林肯") == (
        Found(0, 3, Term("布林肯", "Blinken")),
        Found(4, 6, Term("基辅", "Kyiv")),
        Found(7, 10, Term("布林肯", "Blinken")),
    )


@pytest.mark.parametrize(
    ("text", "sources", "terms"),
    [
        ("联合国安理会开会", ["联合国", "联合国安理会", "安理会"], ["联合国安理会"]),
        ("联合国开会", ["联合国", "联合国安理会", "安理会"], ["联合国"]),
        ("甲乙丙丁", ["甲乙", "乙丙丁"], ["甲乙"]),
        ("甲乙丙丁", ["甲乙", "丙丁"], ["甲乙", "丙丁"]),
        ("甲甲甲", ["甲甲"], ["甲甲"]),
        (
            "the United Nations Security Council",
            ["United Nations", "Security Council"],
            ["United Nations", "Security Council"],
        ),
    ],
)
def test_the_longest_term_is_found_first_and_none_overlap(
    text: str, sources: list[str], terms: list[str]
) -> None:
    assert found(text, *sources) == terms


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("澤連斯基", "泽连斯基"),
        ("泽连斯基", "澤連斯基"),
        ("烏爾蘇拉‧馮德萊恩", "乌尔苏拉·冯德莱恩"),
        ("乌尔苏拉•冯德莱恩", "乌尔苏拉·冯德莱恩"),
        ("乌尔苏拉・冯德莱恩", "乌尔苏拉·冯德莱恩"),
        ("托马斯－格林菲尔德", "托马斯-格林菲尔德"),
        ("托马斯—格林菲尔德", "托马斯-格林菲尔德"),
        ("Jean–Luc", "Jean-Luc"),
        ("アルベルト・フジモリ", "アルベルト・フジモリ"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "國務卿{}來訪", "（{}）"])
def test_traditional_characters_and_marks_within_names_make_no_difference(
    text: str, source: str, around: str
) -> None:
    assert found(around.format(text), source) == [text]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(max_size=20) | st.text("國烏爾•‧・－—Aß😀İ𠮷", max_size=20))
def test_a_folded_text_is_as_long_and_folds_to_itself(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "source", "is_found"),
    [
        ("纽兰说", "纽兰", True),
        ("美国纽兰", "纽兰", True),
        ("戈纽兰说", "纽兰", False),
        ("维多利娅·纽兰", "纽兰", True),
        ("维多利娅纽兰", "纽兰", False),
        ("斯布林肯", "布林肯", True),
    ],
)
def test_a_name_of_two_characters_is_not_found_in_a_longer_foreign_name(
    text: str, source: str, is_found: bool
) -> None:
    assert found(text, source) == ([source] if is_found else [])


@pytest.mark.parametrize(
    ("text", "source", "is_found"),
    [
        ("NATO", "NATO", True),
        ("在NATO总部", "NATO", True),
        ("米国はNATOに", "NATO", True),
        ("NATO는", "NATO", True),
        ("(NATO)", "NATO", True),
        ("NATO-led", "NATO", True),
        ("NATOs", "NATO", False),
        ("CENATO", "NATO", False),
        ("nato", "NATO", False),
        ("在5G网络上", "5G网络", True),
        ("在15G网络上", "5G网络", False),
        ("用C++写", "C++", True),
        ("AT&T公司", "AT&T", True),
        ("イランとイラク", "イラン", True),
        ("イランイラク", "イラン", False),
        ("クイラン", "イラン", False),
        ("在泰国ไทยดี", "ไทย", True),
        ("Ирана", "Иран", False),
        ("в Иран.", "Иран", True),
    ],
)
def test_a_term_of_a_script_with_words_is_found_as_a_whole_word_only(
    text: str, source: str, is_found: bool
) -> None:
    assert found(text, source) == ([source] if is_found else [])


def test_no_text_has_no_terms() -> None:
    assert found("", "布林肯") == []


TERMS = [Term("布林肯", "Blinken"), Term("普京", "Putin", ("Vladimir Putin",))]


@pytest.mark.parametrize(
    "changed",
    [
        TERMS[:1],
        [TERMS[0], Term("普京", "Putin")],
        [TERMS[0], Term("普京", "Poutine", ("Vladimir Putin",))],
        [TERMS[0], Term("普丁", "Putin", ("Vladimir Putin",))],
        [*TERMS, Term("基辅", "Kyiv")],
    ],
)
def test_the_digest_changes_with_every_change(changed: list[Term]) -> None:
    assert Glossary(changed).digest not in ("", Glossary(TERMS).digest)


def test_the_digest_does_not_change_with_the_order_or_with_what_does_not_count() -> None:
    assert Glossary(reversed(TERMS)).digest == Glossary(TERMS).digest
    assert Glossary([*TERMS, Term("普京", "Somebody else")]).digest == Glossary(TERMS).digest


def has(target: str, form: str, *accepted: str) -> bool:
    """A translation has a term in a form that will do."""
    return not missing([Found(0, 1, Term("术", form, accepted))], target)


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("Blinken said", "Blinken"),
        ("BLINKEN said", "Blinken"),
        ("Blinken's aide", "Blinken"),
        ("Blinken’s aide", "Blinken"),
        ("Kremlin said", "the Kremlin"),
        ("The Kremlin said", "the Kremlin"),
        ("three drones", "drone"),
        ("the drones’ range", "drone"),
        ("five boxes", "box"),
        ("Thomas Greenfield", "Thomas-Greenfield"),
        ("Thomas–Greenfield", "Thomas-Greenfield"),
        ("the cease-fire", "cease fire"),
        ("State  of\nthe Union", "State of the Union"),
        ("People’s Bank", "People's Bank"),
        ("People's Bank", "People’s Bank"),
        ("Côte d’Ivoire", "Co\u0302te d'Ivoire"),
        ("U.S. troops", "U.S."),
        ("U.S.-led", "U.S."),
        ("in C++.", "C++"),
        ("“NATO”", "NATO"),
    ],
)
def test_a_term_may_be_in_another_case_number_or_hyphenation(target: str, form: str) -> None:
    assert has(target, form)


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("", "Blinken"),
        ("Blink said", "Blinken"),
        ("a category", "cat"),
        ("to concatenate", "cat"),
        ("ThomasGreenfield", "Thomas-Greenfield"),
        ("Thomas, Greenfield", "Thomas-Greenfield"),
        ("Nation United", "United Nations"),
        ("it cost $50", "$5"),
        ("UXS. troops", "U.S."),
    ],
)
def test_a_term_is_missing_where_other_words_stand(target: str, form: str) -> None:
    assert not has(target, form)


def test_any_accepted_form_will_do() -> None:
    assert has("the Speaker of Parliament", "speaker of the house", "Speaker of Parliament", "speaker")
    assert not has("the chair", "speaker of the house", "Speaker of Parliament", "speaker")


def test_only_what_is_missing_is_named_in_order() -> None:
    text = "布林肯、普京、基辅"
    terms = Glossary([*TERMS, Term("基辅", "Kyiv", ("Kiev",))]).find(text)
    assert [f.term.target for f in missing(terms, "Putin in Kiev")] == ["Blinken"]
    assert [f.term.target for f in missing(terms, "Nobody")] == ["Blinken", "Putin", "Kyiv"]
    assert missing(terms, "Blinken, Vladimir Putin, Kyiv") == ()


news = pytest.mark.skipif(not NEWS.exists(), reason="feedsvc comes without a glossary")


@news
def test_the_glossary_that_comes_with_feedsvc_can_be_loaded() -> None:
    assert len(load([NEWS])) >= 1900


@news
def test_the_glossary_that_comes_with_feedsvc_has_each_term_once_and_in_english() -> None:
    lines = [line.split("\t") for line in NEWS.read_text(encoding="utf-8").splitlines()]
    terms = [columns for columns in lines if columns != [""] and not columns[0].startswith("#")]
    times = Counter(fold(columns[0]) for columns in terms)
    assert [source for source, number in times.items() if number > 1] == []
    assert [columns for columns in terms if languages.has_han("".join(columns[1:]))] == []


@news
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("布林肯", "Blinken"),
        ("拉夫罗夫", "Lavrov"),
        ("泽连斯基", "Zelenskyy"),
        ("朔尔茨", "Scholz"),
        ("纽兰", "Nuland"),
        ("托马斯-格林菲尔德", "Thomas-Greenfield"),
        ("斯托尔滕贝格", "Stoltenberg"),
        ("佩斯科夫", "Peskov"),
    ],
)
def test_the_glossary_that_comes_with_feedsvc_knows_who_is_in_the_news(source: str, target: str) -> None:
    assert [f.term.target for f in load([NEWS]).find(f"{source}说")] == [target]
