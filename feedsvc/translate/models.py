"""The models of this machine: found, joined to routes, installed, removed.

Packages are looked for in our own folder, then in the one that Argos itself uses, then among those bundled with
feedsvc.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from feedsvc import languages
from feedsvc.errors import LanguagePairMissing, ModelError
from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.packages import (
    Model,
    Origin,
    folder_name,
    is_whole,
    missing,
    newness,
    read,
    unpack,
    vocabulary,
)
from feedsvc.translate.placing import put_in_place, scratch

if TYPE_CHECKING:
    from feedsvc.translate.index import Offer

BUNDLED = Path(__file__).parent / "starter"
MAX_HOPS = 3
#: tags that mean the same to a model
_SAME = {"no": ("nb",)}
#: a sentence in each script to try a model with; a language is read well enough for that in any other of its script
_SENTENCES = {
    "Arab": "الطقس جميل اليوم.",
    "Beng": "আজ বৃষ্টি হচ্ছে।",
    "Cyrl": "Сегодня идёт дождь.",
    "Deva": "आज बारिश हो रही है।",
    "Grek": "Σήμερα βρέχει.",
    "Hans": "今天下雨。",
    "Hant": "今天下雨。",
    "Hebr": "היום יורד גשם.",
    "Jpan": "今日は雨です。",
    "Kore": "오늘은 비가 옵니다.",
    "Latn": "Berlin, Madrid, Paris.",
    "Thai": "วันนี้ฝนตก",
}


class Hop(Protocol):
    """A step from a language to another: a model that is here, or a package of the index."""

    @property
    def source_language(self) -> str:
        """BCP 47."""
        ...

    @property
    def target_language(self) -> str:
        """BCP 47."""
        ...


AnyHop = TypeVar("AnyHop", bound=Hop)


class Models:
    """The packages below a folder of ours, and those found elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def available(self) -> list[Model]:
        """Every package that is there, ours first; what cannot be read is left out."""
        self._unpack_bundled()
        places: list[tuple[Path, Origin]] = [
            (self.folder, "installed"),
            (_argos_folder(), "argos"),
            (self.folder / ".bundled", "bundled"),
        ]
        found = []
        for folder, origin in places:
            paths = sorted(folder.iterdir() if folder.is_dir() else [])
            here = [
                read(path, origin)
                for path in paths
                if not path.name.startswith(".") and path.is_dir() and not missing(path)
            ]
            found += sorted(here, key=lambda m: newness(m.version), reverse=True)
        return found

    def find(self, source_language: str, target_language: str) -> Model:
        """The best package for a pair: of our folder before others, then the newest version.

        A variety of a language falls back to the language: zh-Hant is read by a model for zh.

        Raises: LanguagePairMissing if there is none.
        """
        return self._route(source_language, target_language, max_hops=1)[0]

    def route(self, source_language: str, target_language: str) -> tuple[Model, ...]:
        """The packages to apply one after another: one for the pair itself, or the shortest chain through others.

        Raises: LanguagePairMissing if there is no such chain.
        """
        return self._route(source_language, target_language, max_hops=MAX_HOPS)

    def _route(self, source: str, target: str, *, max_hops: int) -> tuple[Model, ...]:
        known = self.available()
        if found := route(known, source, target, max_hops=max_hops):
            return found
        raise LanguagePairMissing(
            source,
            target,
            from_source=sorted({m.target_language for m in known if m.source_language in readings(source)}),
            into_target=sorted({m.source_language for m in known if m.target_language in readings(target)}),
        )

    def install(self, archive: Path, *, pair: tuple[str, str] | None = None) -> Model:
        """Install a package from an `.argosmodel` file: checked, then put in place at once, or not at all.

        Raises: ModelError with the reason, which may be that it is for another pair of languages than the given one.
        """
        with scratch(self.folder) as empty:
            unpacked = unpack(archive, empty)
            model = read(unpacked, "installed")
            found = (model.source_language, model.target_language)
            if pair not in (None, found):
                raise ModelError(archive, f"is a package for {' → '.join(found)}")
            _prove(model, archive)
            target = self.folder / folder_name(*found, model.version)
            put_in_place(unpacked, target)
        return read(target, "installed")

    def remove(self, source_language: str, target_language: str) -> list[Model]:
        """Remove the installed packages of a pair. Those of Argos itself and the bundled ones are not ours to remove.

        Raises: ModelError if there is none of ours, naming what there is.
        """
        pair = (source_language, target_language)
        found = [m for m in self.available() if (m.source_language, m.target_language) == pair]
        ours = [m for m in found if m.origin == "installed"]
        if not ours:
            raise ModelError(" → ".join(pair), _why_not_ours(found))
        for model in ours:
            doomed = model.path.with_name(f".removed-{model.path.name}")
            shutil.rmtree(doomed, ignore_errors=True)
            model.path.rename(doomed)
            shutil.rmtree(doomed)
        return ours

    def _unpack_bundled(self) -> None:
        """Lay the bundled packages out beside ours: CTranslate2 reads folders, not zips."""
        place = self.folder / ".bundled"
        for archive in sorted(BUNDLED.glob("*.argosmodel")):
            target = place / f"{archive.stem}-{archive.stat().st_size}"
            if not is_whole(target, archive):
                older = [path for path in place.glob(f"{archive.stem}-*") if path != target]
                with scratch(place) as empty:
                    put_in_place(unpack(archive, empty), target)
                for path in older:
                    shutil.rmtree(path, ignore_errors=True)


@cache
def readings(language: str) -> tuple[str, ...]:
    """The languages whose models can stand in for one, the nearest first: zh-TW → zh-TW, zh-Hant, zh."""
    base = languages.base(language)
    return tuple(
        dict.fromkeys([language, f"{base}-{languages.script(language)}", base, *_SAME.get(base, ())])
    )


def route(
    known: Iterable[AnyHop], source_language: str, target_language: str, *, max_hops: int = MAX_HOPS
) -> tuple[AnyHop, ...]:
    """The shortest way from a language to another, empty if there is none.

    Of several, one through English, then the one with the nearest varieties, then the one whose hops come first in
    `known`.
    """
    hops = list(known)
    ways: list[tuple[AnyHop, ...]] = [()]
    for _ in range(max_hops):
        ways = [(*way, hop) for way in ways for hop in hops if _leads_on(way, hop, source_language)]
        arrived = [way for way in ways if way[-1].target_language in readings(target_language)]
        if arrived:
            return min(arrived, key=lambda way: _detour(way, source_language, target_language))
    return ()


def _leads_on(way: Sequence[Hop], hop: Hop, source: str) -> bool:
    passed = [source, *(h.target_language for h in way)]
    return hop.source_language in readings(passed[-1]) and hop.target_language not in passed


def _detour(way: Sequence[Hop], source: str, target: str) -> tuple[bool, int, int]:
    return (
        len(way) > 1 and all(hop.target_language != "en" for hop in way[:-1]),
        readings(source).index(way[0].source_language),
        readings(target).index(way[-1].target_language),
    )


def covering(models: Iterable[Model], offer: Offer) -> Model | None:
    """The model that makes a package of the index needless: of the very same pair, no older, and not the bundled."""
    for model in models:
        is_same_pair = (model.source_language, model.target_language) == offer.pair
        if is_same_pair and model.origin != "bundled" and newness(model.version) >= newness(offer.version):
            return model
    return None


def sample(language: str) -> str:
    """A sentence to try a model with."""
    return _SENTENCES.get(languages.script(language), "2024")


def _why_not_ours(found: Sequence[Model]) -> str:
    reasons = {
        "argos": "argostranslate installed {path}, and has to remove it",
        "bundled": "the starter model is a part of feedsvc, and gives way to any that is installed",
    }
    named = [reasons[m.origin].format(path=m.path) for m in found]
    return "; ".join(["no such package was installed by feedsvc", *named])


def _argos_folder() -> Path:
    """Where argostranslate keeps its packages."""
    if given := os.environ.get("ARGOS_PACKAGES_DIR"):
        return Path(given)
    try:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError:  # a user without a home
        data = Path(os.devnull)
    return data / "argos-translate" / "packages"


def _prove(model: Model, archive: Path) -> None:
    """Load a package and translate with it, so that a broken one is refused now and not at night."""
    sentence = sample(model.source_language)
    try:
        ((_, answers),) = LoadedModel(model, beam_size=1).stream([sentence])
        if model.target_prefix and model.target_prefix not in vocabulary(model, "target"):
            raise ModelError(
                archive, f"cannot be used: its model does not know its prefix {model.target_prefix}"
            )
    except ModelError as error:
        raise ModelError(archive, error.reason) from error
    if not answers[0].text:
        raise ModelError(archive, f"cannot be used: it translates {sentence} into nothing")
