from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import feedsvc
from feedsvc.errors import LanguagePairMissing, ModelError
from feedsvc.translate import ArgosTranslator, Models
from feedsvc.translate import models as subject
from feedsvc.translate.index import Offer
from feedsvc.translate.models import BUNDLED, covering, readings

(ARCHIVE,) = BUNDLED.glob("*.argosmodel")
ROOT = "translate-zh_en-starter"
METADATA = {"type": "translate", "package_version": "0.1", "from_code": "zh", "to_code": "en"}
with zipfile.ZipFile(ARCHIVE) as bundled:
    #: of the bundled starter
    VERSION = json.loads(bundled.read(next(n for n in bundled.namelist() if n.endswith("metadata.json"))))[
        "package_version"
    ]
FOLDER = f"translate-zh_en-{VERSION.replace('.', '_')}"
#: translates one sentence in a process of its own, whose user has no home but what HOME says
ELSEWHERE = """
import pwd, sys
from pathlib import Path

def getpwuid(uid):
    raise KeyError(uid)

pwd.getpwuid = getpwuid
from feedsvc.translate import ArgosTranslator, Models

translator = ArgosTranslator(Models(Path(sys.argv[1])))
answers = dict(translator.translate(["12"], source_language="zh", target_language="en"))
print(translator.engine("zh", "en"), answers[0][0].text)
"""


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models")


def lay_out(folder: Path, **metadata: object) -> Path:
    """A package as a folder, complete by the look of it."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "model.bin").touch()
    (folder / "sentencepiece.model").touch()
    (folder / "metadata.json").write_text(json.dumps(METADATA | metadata), encoding="utf-8")
    return folder


def pack(path: Path, **members: bytes | None) -> Path:
    """The real package as an archive, with other contents of members named by their last part; None: without it."""
    with zipfile.ZipFile(ARCHIVE) as real, zipfile.ZipFile(path, "w") as packed:
        for member in real.infolist():
            content = members.get(Path(member.filename).stem, real.read(member))
            if content is not None:
                packed.writestr(member.filename, content)
    return path


def pack_with(path: Path, member: str | zipfile.ZipInfo) -> Path:
    """The real package as an archive with one more member."""
    shutil.copy(ARCHIVE, path)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(member, "/etc/passwd")
    return path


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def older(path: Path, pairs: str) -> Path:
    """The real package with a tokenizer of the older kind."""
    pack(path, sentencepiece=None)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(f"{ROOT}/bpe.model", pairs)
    return path


def damaged(path: Path, at: Callable[[zipfile.ZipInfo], int]) -> Path:
    """The real archive with some bytes of the packed model changed."""
    content = bytearray(ARCHIVE.read_bytes())
    with zipfile.ZipFile(ARCHIVE) as packed:
        member = packed.getinfo(f"{ROOT}/model/model.bin")
    place = member.header_offset + at(member)
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def metadata(**changes: object) -> bytes:
    return json.dumps(METADATA | changes).encode()


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not there": (lambda p: p, "cannot be read: No such file"),
    "not a zip": (lambda p: written(p, b"no zip"), "is no package: File is not a zip file"),
    "cut off": (lambda p: written(p, ARCHIVE.read_bytes()[:100_000]), "is no package"),
    "damaged": (lambda p: damaged(p, lambda m: m.compress_size // 2), "is no package"),
    "damaged at its start": (lambda p: damaged(p, lambda m: 30 + len(m.filename)), "is no package"),
    "a member above": (lambda p: pack_with(p, "../x"), "holds ../x, which leads out"),
    "a member far above": (lambda p: pack_with(p, f"{ROOT}/../../x"), "which leads out"),
    "an absolute member": (lambda p: pack_with(p, "/tmp/x"), "holds /tmp/x, which leads out"),
    "a member above for Windows": (lambda p: pack_with(p, "..\\x"), "which leads out"),
    "a member on a drive": (lambda p: pack_with(p, "C:\\x"), "which leads out"),
    "a link": (lambda p: pack_with(p, link(f"{ROOT}/link")), "link, which leads out"),
    "two packages": (lambda p: pack_with(p, "other/metadata.json"), "must hold one folder"),
    "no metadata": (lambda p: pack(p, metadata=None), "must hold one folder with a metadata.json"),
    "broken metadata": (lambda p: pack(p, metadata=b"{"), "metadata.json cannot be read"),
    "metadata of no languages": (lambda p: pack(p, metadata=b"[]"), "names no languages"),
    "another type": (lambda p: pack(p, metadata=metadata(type="sbd")), "of type sbd, not translate"),
    "no model": (lambda p: pack(p, model=None), "model/model.bin is missing"),
    "a broken model": (lambda p: pack(p, model=b"no model"), "cannot be loaded"),
    "an empty model": (lambda p: pack(p, model=b""), "cannot be loaded"),
    "a broken vocabulary": (lambda p: pack(p, sentencepiece=b"none"), "cannot be loaded"),
    "no tokenizer": (lambda p: pack(p, sentencepiece=None), "sentencepiece.model or bpe.model is missing"),
    "a broken bpe.model": (lambda p: older(p, "alone\n"), "cannot be loaded: it is no list of pairs"),
    "a foreign prefix": (
        lambda p: pack(p, metadata=metadata(target_prefix=">>tlh<<")),
        "its model does not know its prefix >>tlh<<",
    ),
}


def content(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_the_bundled_model_is_found(bundled_models: Models) -> None:
    model = bundled_models.find("zh", "en")
    assert (model.origin, model.engine) == ("bundled", f"starter zh_en {VERSION}")


def test_the_bundled_model_is_unpacked_once(models: Models) -> None:
    first = models.find("zh", "en").path
    before = (first / "model" / "model.bin").stat()
    assert models.find("zh", "en").path == first
    assert (first / "model" / "model.bin").stat() == before


def test_another_bundled_model_of_an_older_feedsvc_goes(models: Models) -> None:
    lay_out(models.folder / ".bundled" / f"{ARCHIVE.stem}-1")
    assert [m.version for m in models.available()] == [VERSION]
    assert [p.name for p in (models.folder / ".bundled").iterdir()] == [
        f"{ARCHIVE.stem}-{ARCHIVE.stat().st_size}"
    ]


@pytest.mark.parametrize("variety", ["zh-Hant", "zh-Hant-TW", "zh-CN"])
def test_a_variety_falls_back_to_its_language(bundled_models: Models, variety: str) -> None:
    assert bundled_models.find(variety, "en").source_language == "zh"


def test_a_model_of_the_variety_itself_comes_first(models: Models) -> None:
    lay_out(models.folder / "a", from_code="zh", package_version="2.0")
    path = lay_out(models.folder / "b", from_code="zt")
    assert models.find("zh-Hant", "en").path == path
    assert models.find("zh", "en").version == "2.0"


def test_argos_codes_are_language_tags(models: Models) -> None:
    lay_out(models.folder / "a", from_code="pb", to_code="zt")
    assert models.find("pt-BR", "zh-Hant").engine == "argos pt-BR_zh-Hant 0.1"


@pytest.mark.parametrize(
    ("pair", "near"),
    [
        (("de", "fr"), ""),
        (("zh-TW", "de"), " (there are models from zh-TW into en)"),
        (("de", "en"), " (there are models into en from zh)"),
        (("zh", "en-GB"), None),
    ],
)
def test_a_missing_pair_is_named_with_what_is_near_and_the_command_that_helps(
    bundled_models: Models, pair: tuple[str, str], near: str | None
) -> None:
    if near is None:
        assert bundled_models.find(*pair).target_language == "en"
        return
    for way in (bundled_models.find, bundled_models.route):
        with pytest.raises(LanguagePairMissing) as caught:
            way(*pair)
        assert str(caught.value) == (
            f"no model translates from {pair[0]} to {pair[1]}{near}; "
            f"install one with: feedsvc models install {pair[0]} {pair[1]}"
        )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["zh", "zh-Hans"]),
        ("zh-CN", ["zh-CN", "zh-Hans", "zh"]),
        ("zh-TW", ["zh-TW", "zh-Hant", "zh"]),
        ("zh-Hant-HK", ["zh-Hant-HK", "zh-Hant", "zh"]),
        ("pt-BR", ["pt-BR", "pt-Latn", "pt"]),
        ("no", ["no", "no-Latn", "nb"]),
    ],
)
def test_the_languages_that_can_stand_in_for_one(language: str, expected: list[str]) -> None:
    assert list(readings(language)) == expected


@pytest.mark.parametrize(
    ("here", "pair", "expected"),
    [
        ("zt_en zh_en", "zh-TW en", "zt_en"),
        ("zt_en zh_en", "zh-Hant en", "zt_en"),
        ("zt_en zh_en", "zh-CN en", "zh_en"),
        ("zt_en", "zh-CN en", "zh_en/starter"),
        ("zh_en", "zh-TW en", "zh_en"),
        ("en_pt en_pb", "en pt-BR", "en_pb"),
        ("en_pt", "en pt-BR", "en_pt"),
        ("en_pt en_pb", "en pt", "en_pt"),
        ("en_zt en_zh", "en zh-HK", "en_zt"),
        ("nb_en", "no en", "nb_en"),
        ("de_en", "zh en", "zh_en/starter"),
        ("zh_fr fr_en", "zh en", "zh_en/starter"),
        ("zh_en", "zh en", "zh_en"),
        ("zh_de zh_en en_de", "zh de", "zh_de"),
        ("zh_fr fr_de zh_en en_de", "zh de", "zh_en en_de"),
        ("en_de", "zh de", "zh_en/starter en_de"),
        ("de_fr fr_es es_ja", "de ja", "de_fr fr_es es_ja"),
        ("de_fr fr_es es_ja de_en en_es", "de ja", "de_en en_es es_ja"),
        ("de_pb pt_ja", "de ja", "de_pb pt_ja"),
    ],
)
def test_a_route_is_direct_or_short_and_through_english(
    models: Models, here: str, pair: str, expected: str
) -> None:
    for number, name in enumerate(here.split()):
        source, target = name.split("_")
        lay_out(models.folder / f"{number}", from_code=source, to_code=target)
    found = models.route(*pair.split())
    codes = {"zh-Hant": "zt", "pt-BR": "pb"}
    assert (
        " ".join(
            f"{codes.get(m.source_language, m.source_language)}_{codes.get(m.target_language, m.target_language)}"
            + ("/starter" if m.origin == "bundled" else "")
            for m in found
        )
        == expected
    )


def test_a_route_of_four_is_none(models: Models) -> None:
    for source, target in ("de", "fr"), ("fr", "es"), ("es", "it"), ("it", "ja"):
        lay_out(models.folder / source, from_code=source, to_code=target)
    assert len(models.route("de", "it")) == 3
    with pytest.raises(LanguagePairMissing, match="from de into fr; into ja from it"):
        models.route("de", "ja")


def test_each_hop_of_a_route_is_the_newest(models: Models) -> None:
    for version in ("1.2", "1.10"):
        lay_out(models.folder / f"a{version}", from_code="de", package_version=version)
        lay_out(models.folder / f"b{version}", from_code="en", to_code="fr", package_version=version)
    assert [m.version for m in models.route("de", "fr")] == ["1.10", "1.10"]


def test_a_model_covers_what_the_index_has_of_its_pair_unless_that_is_newer(models: Models) -> None:
    def offer(version: str) -> Offer:
        return Offer(
            source_language="zh",
            target_language="en",
            version=version,
            links=(),
            size_bytes=None,
            sha256=None,
        )

    assert covering(models.available(), offer("0.1")) is None, "the starter is no substitute"
    lay_out(models.folder / "a", package_version="1.9")
    lay_out(models.folder / "b", package_version="9", from_code="zt")
    found = models.available()
    assert covering(found, offer("1.9")) == covering(found, offer("1.8")) == models.find("zh", "en")
    assert covering(found, offer("1.10")) is None


def test_an_installed_model_comes_before_the_bundled_one(models: Models) -> None:
    installed = models.install(ARCHIVE)
    assert models.find("zh", "en") == installed
    assert (installed.origin, installed.engine) == ("installed", f"argos zh_en {VERSION}")
    assert installed.path == models.folder / FOLDER
    assert [m.origin for m in models.available()] == ["installed", "bundled"]


def test_an_installed_model_translates(models: Models) -> None:
    models.install(ARCHIVE)
    translator = ArgosTranslator(models)
    assert translator.engine("zh", "en") == f"argos zh_en {VERSION}"
    answers = dict(translator.translate(["12"], source_language="zh", target_language="en"))
    assert answers[0][0].text == "12"


def test_installing_twice_replaces(models: Models, tmp_path: Path) -> None:
    models.install(ARCHIVE)
    before = content(models.folder)
    models.install(ARCHIVE)
    assert content(models.folder) == before
    models.install(pack(tmp_path / "other.argosmodel", README=b"another build"))
    assert [p.name for p in models.folder.iterdir()] == [FOLDER]
    assert (models.find("zh", "en").path / "README.md").read_bytes() == b"another build"


def test_a_package_of_the_older_kind_is_installed_and_translates(models: Models, tmp_path: Path) -> None:
    models.install(older(tmp_path / "older.argosmodel", "#version: 0.2\n1 2</w>\n"))
    translator = ArgosTranslator(models)
    assert translator.engine("zh", "en") == f"argos zh_en {VERSION}"
    answers = dict(translator.translate(["12"], source_language="zh", target_language="en"))
    assert answers[0][0].text


def test_a_prefix_that_the_model_knows_is_fine(models: Models, tmp_path: Path) -> None:
    archive = pack(tmp_path / "many.argosmodel", metadata=metadata(target_prefix="▁the"))
    assert models.install(archive).target_prefix == "▁the"


def test_a_package_for_other_languages_than_asked_for_is_refused(models: Models) -> None:
    with pytest.raises(ModelError, match="is a package for zh → en"):
        models.install(ARCHIVE, pair=("de", "en"))
    assert [m.origin for m in models.available()] == ["bundled"]


@pytest.mark.parametrize("code", ["de", "ru", "ja", "am"])
def test_a_model_is_tried_with_a_sentence_in_a_script_that_it_reads(
    models: Models, tmp_path: Path, code: str
) -> None:
    archive = pack(tmp_path / "x.argosmodel", metadata=metadata(from_code=code))
    assert models.install(archive).source_language == code


def test_a_model_that_says_nothing_is_refused(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        subject.LoadedModel, "stream", lambda *args, **options: iter([(0, [SimpleNamespace(text="")])])
    )
    with pytest.raises(ModelError, match="it translates 今天下雨。 into nothing"):
        models.install(ARCHIVE)


def test_two_versions_live_side_by_side_and_the_newest_is_used(models: Models) -> None:
    for version in ("1.9", "1.10", "0.99"):
        lay_out(models.folder / f"translate-zh_en-{version}", package_version=version)
    assert models.find("zh", "en").version == "1.10"


def test_a_version_cannot_lead_out_of_the_folder(models: Models, tmp_path: Path) -> None:
    archive = pack(tmp_path / "evil.argosmodel", metadata=metadata(package_version="../../\0evil"))
    with pytest.raises(ModelError, match="a version that is none"):
        models.install(archive)


def test_a_language_that_there_is_not_is_refused(models: Models, tmp_path: Path) -> None:
    archive = pack(tmp_path / "odd.argosmodel", metadata=metadata(from_code="../../x"))
    with pytest.raises(ModelError, match="names languages that there are not"):
        models.install(archive)


def test_removing_an_installed_model_brings_the_bundled_one_back(models: Models) -> None:
    installed = models.install(ARCHIVE)
    assert models.remove("zh", "en") == [installed]
    assert models.find("zh", "en").origin == "bundled"
    assert [p.name for p in models.folder.iterdir()] == [".bundled"]


def test_removing_goes_on_where_it_was_interrupted(models: Models) -> None:
    lay_out(models.folder / FOLDER)
    lay_out(models.folder / f".removed-{FOLDER}")
    models.remove("zh", "en")
    assert [p.name for p in models.folder.iterdir()] == [".bundled"]


@pytest.mark.parametrize(
    ("pair", "reasons"),
    [
        (("zh", "en"), ["argostranslate installed", "the starter model is a part of feedsvc"]),
        (("de", "en"), ["argostranslate installed"]),
        (("fr", "en"), []),
    ],
)
def test_what_feedsvc_did_not_install_is_not_removed(
    models: Models,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pair: tuple[str, str],
    reasons: list[str],
) -> None:
    monkeypatch.setenv("ARGOS_PACKAGES_DIR", str(tmp_path / "argos"))
    for code in ("zh", "de"):
        lay_out(tmp_path / "argos" / code, from_code=code)
    before = models.available()
    with pytest.raises(ModelError, match="no such package was installed by feedsvc") as caught:
        models.remove(*pair)
    found = caught.value.reason.split("; ")[1:]
    assert len(found) == len(reasons) and all(f.startswith(r) for f, r in zip(found, reasons, strict=True))
    assert models.available() == before


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_archive_is_refused_and_leaves_the_folder_as_it_was(
    models: Models, tmp_path: Path, kind: str
) -> None:
    lay_out(models.folder / FOLDER)
    make, reason = REFUSED[kind]
    archive = make(tmp_path / "bad.argosmodel")
    before = content(tmp_path)
    with pytest.raises(ModelError) as caught:
        models.install(archive)
    assert content(tmp_path) == before
    assert str(caught.value).startswith(f"{archive}: ")
    assert reason in caught.value.reason


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written"):
        Models(tmp_path / "file" / "models").install(ARCHIVE)


def test_a_stray_folder_hides_no_model(models: Models) -> None:
    (models.folder / "stray").mkdir(parents=True)
    (models.folder / "a file").touch()
    (lay_out(models.folder / "broken") / "metadata.json").write_text("{", encoding="utf-8")
    (lay_out(models.folder / "empty") / "model" / "model.bin").unlink()
    path = lay_out(models.folder / "whole")
    assert [m.path for m in models.available() if m.origin == "installed"] == [path]


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("ARGOS_PACKAGES_DIR", ""),
        ("XDG_DATA_HOME", "argos-translate/packages"),
        ("HOME", ".local/share/argos-translate/packages"),
    ],
)
def test_the_packages_of_argos_itself_are_found(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, below: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "place"))
    path = lay_out(tmp_path / "place" / below / "translate-zh_en-1_9", package_version="1.9")
    model = models.find("zh", "en")
    assert (model.path, model.origin, model.engine) == (path, "argos", "argos zh_en 1.9")


def test_an_installed_model_comes_before_a_newer_one_of_argos(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGOS_PACKAGES_DIR", str(tmp_path / "argos"))
    lay_out(tmp_path / "argos" / "a", package_version="9.0")
    path = lay_out(models.folder / "a")
    assert models.find("zh", "en").path == path


@pytest.mark.parametrize("home", ["a folder", "a file", "nothing"])
def test_nothing_is_made_in_a_home_and_none_is_needed(tmp_path: Path, home: str) -> None:
    place = tmp_path / "home"
    if home == "a folder":
        place.mkdir()
    else:
        place.touch()
    environment = {} if home == "nothing" else {"HOME": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "models")],
        env=environment | {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        cwd=Path(feedsvc.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"starter zh_en {VERSION} 12\n", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "models"]
    assert home != "a folder" or list(place.iterdir()) == []
