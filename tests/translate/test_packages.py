from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.errors import ModelError
from feedsvc.translate import Models, packages
from feedsvc.translate.models import BUNDLED
from feedsvc.translate.packages import Model, Tokenizer

(ARCHIVE,) = BUNDLED.glob("*.argosmodel")
#: every code in the index of Argos
CODES = """ar az bg bn ca cs da de el en eo es et eu fa fi fr ga gl he hi hu id it ja ko ky lt lv ms nb nl pb pl pt ro
ru sk sl sq sv th tl tr uk ur vi zh zt""".split()
BPE = "#version: 0.2\nt h\nth e</w>\nT h\n"
TEXTS = [
    "今天（２０２４年）下雨。",
    "臺灣總統😀x_y  Macron",
    "  a  b \n c ",
    "㈱ﷺ ½ ﬁn",
    "한국 👨‍👩‍👧龘靐𠮷",
    "",
]


@pytest.fixture(scope="module")
def model(bundled_models: Models) -> Model:
    return bundled_models.find("zh", "en")


@pytest.fixture(scope="module")
def pieces(model: Model) -> Tokenizer:
    return packages.tokenizer(model)


@pytest.fixture
def legacy(model: Model, tmp_path: Path) -> Callable[..., Model]:
    """A package of the older kind, with a list of pairs of its own."""

    def make(pairs: str = BPE, vocabulary: object = ("Th@@", "e", "a")) -> Model:
        (tmp_path / "model").mkdir()
        shutil.copy(model.path / "metadata.json", tmp_path)
        (tmp_path / "bpe.model").write_text(pairs, encoding="utf-8")
        (tmp_path / "model" / "source_vocabulary.json").write_text(json.dumps(vocabulary))
        return packages.read(tmp_path, "installed")

    return make


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_argos_is_a_language_and_back(code: str) -> None:
    tag = packages.tag(code)
    assert tag is not None
    assert packages.code(tag) == code


@pytest.mark.parametrize(("code", "tag"), [("zt", "zh-Hant"), ("pb", "pt-BR"), ("tl", "fil"), ("nb", "nb")])
def test_odd_codes_are_proper_tags(code: str, tag: str) -> None:
    assert (packages.tag(code), packages.code(tag)) == (tag, code)


@pytest.mark.parametrize("code", ["", "xx", "ek", "../x"])
def test_what_is_no_code_has_no_tag(code: str) -> None:
    assert packages.tag(code) is None


def test_a_folder_is_called_as_argos_does_it() -> None:
    assert packages.folder_name("zh-Hant", "en", "1.9") == "translate-zt_en-1_9"


@pytest.mark.parametrize("text", TEXTS)
def test_spans_are_characters_of_the_text_in_its_order(pieces: Tokenizer, text: str) -> None:
    spans = pieces.spans(text)
    assert spans is not None
    assert len(spans) == len(pieces.encode(text))
    places = [place for span in spans for place in span]
    assert places == sorted(places)
    assert "".join(text[start:end] for start, end in spans).strip() == text.strip()


def test_spans_show_the_characters_behind_the_pieces(pieces: Tokenizer) -> None:
    def shown(text: str) -> list[tuple[str, str]]:
        spans = pieces.spans(text) or []
        return [(p, text[a:b]) for p, (a, b) in zip(pieces.encode(text), spans, strict=True) if a < b]

    assert shown("（２）台灣") == [("▁(", "（"), ("2", "２"), (")", "）"), ("台湾", "台灣")]
    assert shown("😀 Macron")[0] == ("<0x80>", "😀")
    assert shown("㈱x") == [(")", "㈱"), ("x", "x")]


def test_an_underscore_stays(pieces: Tokenizer) -> None:
    assert pieces.decode(pieces.encode("see x_y at a_b")) == "see x_y at a_b"
    assert pieces.decode([]) == ""


def test_the_share_of_characters_that_a_model_does_not_know(pieces: Tokenizer) -> None:
    assert pieces.unknown("今天下雨。龘😀") == pytest.approx(2 / 7)
    assert pieces.unknown("今天下雨。") == pieces.unknown("") == 0


def test_an_older_package_is_cut_and_joined_as_moses_does_it(legacy: Callable[..., Model]) -> None:
    pieces = packages.tokenizer(legacy())
    assert pieces.encode("The “a”!", out_type=str)[:2] == ["Th@@", "e"]
    assert pieces.decode(pieces.encode("The “nice” one (5 %).")) == 'The "nice" one (5%).'
    assert pieces.spans("The a") is None
    assert pieces.unknown("The a the") == 0.25
    assert pieces.unknown("") == 0


@pytest.mark.parametrize("pairs", ["", "t h e\n", "#version: 0.2\nalone\n", "a b\n\nc d\n"])
def test_a_broken_list_of_pairs_is_an_error(legacy: Callable[..., Model], pairs: str) -> None:
    with pytest.raises(ModelError, match="it is no list of pairs"):
        packages.tokenizer(legacy(pairs))


def test_what_an_older_package_needs_is_named(
    legacy: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "sacremoses"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sacremoses", None)
    with pytest.raises(ModelError, match=r"needs sacremoses: install feedsvc\[legacy-models\]"):
        packages.tokenizer(legacy())


def test_a_vocabulary_is_json_or_lines(model: Model, legacy: Callable[..., Model]) -> None:
    assert "▁the" in packages.vocabulary(model, "target")
    older = legacy()
    assert packages.vocabulary(older, "source") == {"Th@@", "e", "a"}
    with pytest.raises(ModelError, match="has no vocabulary"):
        packages.vocabulary(older, "target")
    (older.path / "model" / "target_vocabulary.txt").write_text("a\n\u2028\nb", encoding="utf-8")
    assert packages.vocabulary(older, "target") == {"a", "\u2028", "b"}
    (older.path / "model" / "source_vocabulary.json").write_text("[[]]")
    with pytest.raises(ModelError, match="cannot be read"):
        packages.vocabulary(older, "source")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.argosmodel"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("p/metadata.json", "{}")
        packed.writestr("p/model/model.bin", bytes(50_000_000))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(ModelError, match="is too large unpacked"):
        packages.unpack(archive, scratch)
    assert list(scratch.iterdir()) == []


def test_a_member_is_not_larger_than_it_says(tmp_path: Path) -> None:
    archive = tmp_path / "liar.argosmodel"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("p/model.bin", bytes(1_000_000))
        packed.getinfo("p/model.bin").file_size = 1000
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(ModelError, match="is no package"):
        packages.unpack(archive, scratch)
    assert sum(p.stat().st_size for p in scratch.rglob("*") if p.is_file()) <= 1000
