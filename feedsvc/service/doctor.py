"""`feedsvc doctor`: does this installation work, without network? Looks at the machine, and judges what it sees.

`examine` looks; the functions `check_…` judge, and are pure.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from feedsvc import WRITTEN, languages
from feedsvc.config import Config
from feedsvc.errors import FeedsvcError, LanguagePairMissing, SchemaTooNew
from feedsvc.service import texts
from feedsvc.service.findings import Check
from feedsvc.service.offline import no_network
from feedsvc.service.secrecy import check_secrets
from feedsvc.service.user import amiss, name_of, owner_of, there
from feedsvc.store import Store
from feedsvc.store.looking import Look, look
from feedsvc.translate import ArgosTranslator, Models, Translator
from feedsvc.translate.models import sample
from feedsvc.translate.packages import Model

#: clocks are set by a little, now and then
_LEEWAY = timedelta(minutes=5)
_LITTLE_BYTES = 1_000_000_000
_TOO_LITTLE_BYTES = 100_000_000
_LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of translating a sentence."""

    sentence: str
    answer: str = ""
    #: of the answer, as its checks found
    faults: tuple[str, ...] = ()
    #: why there is no answer
    error: str | None = None
    #: what was wanted of the network meanwhile
    asked: tuple[str, ...] = ()


def examine(config: Config, *, now: datetime) -> list[Check]:
    """Look at everything that a refresh needs, but for the sources themselves.

    Makes nothing but what every command does: the starter model, unpacked in data_dir. Where what this user makes
    would be in the way of the service, only that is said.
    """
    path = Path(config.path or "").absolute()
    read = Check(name="configuration", verdict="ok", found=f"{path} is without mistakes")
    user = check_user(os.geteuid(), owner_of(config.data_dir), str(config.data_dir))
    if user.verdict == "fail":
        return [read, user]
    folders = {"data_dir": config.data_dir, "output_dir": config.output_dir}
    written = [check_folder(name, path, _trouble(path)) for name, path in folders.items()]
    found = _looked(config)
    return [
        read,
        user,
        *written,
        *(check_space(name, shutil.disk_usage(there(path)).free) for name, path in folders.items()),
        check_database(found),
        check_clock(now, found.newest if isinstance(found, Look) else None),
        check_base_url(config.base_url),
        *check_secrets(config),
        *(_translations(config, _languages(config, found)) if written[0].verdict == "ok" else ()),
    ]


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Every check, and whether all is well."""
    return {"is_well": all(c.verdict != "fail" for c in checks), "checks": [asdict(c) for c in checks]}


def line(check: Check) -> str:
    """A check as a person reads it."""
    return f"{check.verdict:<4}  {check.name}: {check.found}" + (f"; {check.cure}" if check.cure else "")


def check_user(user: int, owner: int, place: str) -> Check:
    """Root may do anything, and what root makes nobody else may change."""
    if why := amiss(user, owner, place):
        found, cure = why
        return Check(name="user", verdict="fail", found=found, cure=cure)
    return Check(name="user", verdict="ok", found=name_of(user))


def check_folder(name: str, path: Path, trouble: str | None) -> Check:
    """`trouble`: what came of writing into it, None if it went well."""
    if trouble is None:
        return Check(name=name, verdict="ok", found=f"{path} can be written")
    return Check(
        name=name,
        verdict="fail",
        found=f"{path} cannot be written: {trouble}",
        cure=f"give it to the user that feedsvc runs as, or set another {name}",
    )


def check_space(name: str, free_bytes: int) -> Check:
    """A hundred megabytes are few articles with pictures; one model is as large."""
    verdict: Literal["ok", "warn", "fail"] = (
        "fail" if free_bytes < _TOO_LITTLE_BYTES else "warn" if free_bytes < _LITTLE_BYTES else "ok"
    )
    cure = "" if verdict == "ok" else "make room, or limit what is kept with keep_entries"
    return Check(
        name=f"space for {name}", verdict=verdict, found=f"{free_bytes / 1e9:.1f} GB are free", cure=cure
    )


def check_database(found: Look | FeedsvcError) -> Check:
    """Whether it opens, is whole, and has the schema of this program."""
    if isinstance(found, FeedsvcError):
        cure = "" if "; " in str(found) else "go back to a backup, or to a copy beside it"
        if isinstance(found, SchemaTooNew):
            cure = "or go back to the copy beside it"
        elif str(found).startswith("postgresql"):
            cure = "see that its server runs, and lets this user in"
        return Check(name="database", verdict="fail", found=str(found), cure=cure)
    if found.revision is None:
        return Check(name="database", verdict="ok", found="there is none yet; the first refresh makes it")
    if not found.is_current:
        return Check(
            name="database",
            verdict="warn",
            found=f"has the older schema {found.revision}",
            cure="the next refresh brings it up to date, and keeps a copy beside it",
        )
    return Check(name="database", verdict="ok", found=f"is whole, with schema {found.revision}")


def check_clock(now: datetime, newest: datetime | None) -> Check:
    """`newest`: the latest time in the database, which the clock cannot be before."""
    found = f"{now:%Y-%m-%d %H:%M} UTC"
    cure = "set the clock, such as with: timedatectl set-ntp true"
    if now < WRITTEN:
        return Check(
            name="clock", verdict="fail", found=f"{found}, which is before this program was made", cure=cure
        )
    if newest and now < newest - _LEEWAY:
        found += f", which is before {newest:%Y-%m-%d %H:%M}, when the database was written"
        return Check(name="clock", verdict="fail", found=found, cure=cure)
    return Check(name="clock", verdict="ok", found=found)


def check_base_url(base_url: str) -> Check:
    """Whether it is absolute, and has a host and port that there can be. Nothing is asked of it."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
        host.encode("ascii" if ":" in host else "idna")
    except (ValueError, UnicodeError) as error:
        host, port, reason = "", None, str(error)
    else:
        reason = "it names no host"
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        return Check(
            name="base URL",
            verdict="fail",
            found=f"{base_url} cannot be an address: {reason}",
            cure="set base_url to where readers reach output_dir",
        )
    near = " (for readers on this machine only)" if host in _LOCAL else ""
    return Check(name="base URL", verdict="ok", found=f"{base_url}{near}")


def check_model(language: str, target: str, route: Sequence[Model] | LanguagePairMissing) -> Check:
    """Whether there are models for a language, and what to install where not."""
    name = f"model for {language}"
    if isinstance(route, LanguagePairMissing):
        found = str(route).partition(";")[0]
        cure = f"install one with: feedsvc models install {language} {target}"
        return Check(name=name, verdict="fail", found=found, cure=cure)
    engine = " + ".join(model.engine for model in route)
    for model in route:
        if model.origin == "bundled":
            pair = f"{model.source_language} {model.target_language}"
            found = f"{engine}, a small model that comes with feedsvc"
            cure = f"install a better one with: feedsvc models install {pair}"
            return Check(name=name, verdict="warn", found=found, cure=cure)
    return Check(name=name, verdict="ok", found=engine)


def check_translation(language: str, trial: Trial) -> Check:
    """A sentence on its way through the model."""
    name = f"translation from {language} without network"
    if trial.asked:
        wanted = ", ".join(dict.fromkeys(trial.asked))
        cure = "please report this: feedsvc translates offline"
        return Check(name=name, verdict="fail", found=f"it wanted the network ({wanted})", cure=cure)
    if trial.error is not None:
        return Check(name=name, verdict="fail", found=trial.error, cure="if nothing else, install it again")
    if trial.faults or not trial.answer:
        found = f"{trial.sentence} came out wrong ({'; '.join(trial.faults) or 'empty'})"
        return Check(name=name, verdict="fail", found=found, cure="install another model")
    return Check(name=name, verdict="ok", found=f"{trial.sentence} → {trial.answer}")


def _translations(config: Config, spoken: Iterable[str]) -> list[Check]:
    """For each language the model, and if there is one, a sentence translated by it."""
    models = Models(config.data_dir / "models")
    target = config.target_language
    wanted = [tag for tag in spoken if languages.base(tag) != languages.base(target)]
    if not wanted:
        wanted = [m.source_language for m in models.available() if m.target_language == target][:1]
    checks, tried = [], set()
    for language in wanted:
        try:
            route = models.route(language, target)
        except LanguagePairMissing as error:
            checks.append(check_model(language, target, error))
            continue
        way = (languages.script(language), *(model.path for model in route))
        if way not in tried:  # zh-CN goes the way of zh
            tried.add(way)
            checks.append(check_model(language, target, route))
            translator = ArgosTranslator(models, beam_size=config.beam_size)
            checks.append(check_translation(language, _try(translator, language, target)))
    return checks


def _try(translator: Translator, language: str, target: str) -> Trial:
    """A sentence on the way that articles take, while there is no network."""
    sentence, out = sample(language), io.StringIO()
    faults: list[str] = []
    error: str | None = None
    with no_network() as asked:
        try:
            pair = texts.Languages.parse(language, target)
            faults = texts.translate([sentence], out, translator, pair, mode="text")
        except (FeedsvcError, OSError) as reason:
            error = str(reason)
    if languages.script(language) == "Latn":
        faults = []  # the sentence has nothing but names in it
    return Trial(
        sentence=sentence,
        answer=out.getvalue().strip(),
        faults=tuple(faults),
        error=error,
        asked=tuple(asked),
    )


def _languages(config: Config, found: Look | FeedsvcError) -> list[str]:
    """What the sources speak: as configured, and as found in what was read of them."""
    spoken = [source.language for source in config.sources]
    ids = [source.id for source in config.sources]
    if isinstance(found, Look) and found.is_current:
        with Store(config.database) as store:
            spoken += [made.language for made in store.made(ids, config.target_language)]
            spoken += [w.language or "" for w in store.queue(ids, config.target_language)]
    return list(dict.fromkeys(language for language in spoken if language))


def _looked(config: Config) -> Look | FeedsvcError:
    try:
        return look(config.database)
    except FeedsvcError as error:
        return error


def _trouble(path: Path) -> str | None:
    """Write a file into a folder, or where it would be made, and take it away again."""
    try:
        with tempfile.TemporaryFile(dir=there(path)) as file:
            file.write(b"feedsvc doctor")
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None
