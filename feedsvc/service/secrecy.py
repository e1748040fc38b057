"""What `feedsvc doctor` says of the secrets of a configuration: whether they are where they should be, and stay secret.

Looks at them as those do that need them. No secret is shown, nor any part of one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from feedsvc.config import Config
from feedsvc.errors import ConfigError, FetchError
from feedsvc.ingest.secrets import access_headers
from feedsvc.model import Access, Secret, Source
from feedsvc.service.findings import Check
from feedsvc.service.serving.triggers import read_token
from feedsvc.service.user import group_name, group_of, owner_of

#: what names of headers with secrets have in them
_CONFIDENTIAL = re.compile(r"auth|cookie|key|pass|secret|session|token", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/@]*:[^@]+@")


def check_secrets(config: Config) -> list[Check]:
    """A check for each that cannot be used, or that everybody can read; one for all where there is nothing to say."""
    found = [*_of_sources(config), *_of_server(config), *_of_file(config)]
    if found:
        return found
    count = sum(len(_secrets(source)) for source in config.sources) + (config.refresh_token_file is not None)
    said = "none is needed" if count == 0 else "1 can be read" if count == 1 else f"{count} can be read"
    return [Check(name="secrets", verdict="ok", found=said)]


def _of_sources(config: Config) -> Iterator[Check]:
    for source in config.sources:
        for only, secret in _secrets(source):
            if (check := _unusable(source, only, secret)) is not None:
                yield check
            elif secret.kind == "file":
                yield from _known_to_all(f"secret of {source.id}", Path(secret.value), config.data_dir)


def _of_server(config: Config) -> Iterator[Check]:
    path, name = config.refresh_token_file, "refresh token"
    if path is None:
        return
    try:
        read_token(path)
    except ConfigError as error:
        yield Check(name=name, verdict="fail", found="; ".join(error.problems), cure=_cure(path))
    else:
        yield from _known_to_all(name, path, config.data_dir)


def _of_file(config: Config) -> Iterator[Check]:
    """The configuration itself, where it holds secrets."""
    accesses = [source.access for source in config.sources]
    texts = [name for a in accesses for name, secret in a.headers if secret.kind == "text"]
    is_confidential = (
        _PASSWORD.search(config.database)
        or any(map(_CONFIDENTIAL.search, texts))
        or any(secret.kind == "text" for a in accesses for _, secret in a.cookies)
        or any(_PASSWORD.search(a.proxy or "") for a in accesses)
    )
    if config.path is not None and is_confidential:
        yield from _known_to_all("secrets in the configuration", config.path, config.data_dir)


def _secrets(source: Source) -> list[tuple[Access, Secret]]:
    """Each that does not stand in the configuration, with an access that needs nothing else."""
    access = source.access
    found = [
        *((Access(headers=(pair,)), pair[1]) for pair in access.headers),
        *((Access(cookies=(pair,)), pair[1]) for pair in access.cookies),
    ]
    if access.password is not None:
        found.append((Access(username=access.username, password=access.password), access.password))
    return [(only, secret) for only, secret in found if secret.kind != "text"]


def _unusable(source: Source, only: Access, secret: Secret) -> Check | None:
    """Why a source could not be asked with it."""
    name = f"secret of {source.id}"
    try:
        access_headers(only, source.location)
    except FetchError as error:
        if secret.kind == "file":
            return Check(name=name, verdict="fail", found=error.reason, cure=_cure(Path(secret.value)))
        if secret.value in os.environ:
            return Check(name=name, verdict="fail", found=error.reason, cure=f"set {secret.value} anew")
        cure = "set it where feedsvc runs, such as with EnvironmentFile= in its unit; if it is set there, all is well"
        return Check(name=name, verdict="warn", found=f"{error.reason} here", cure=cure)
    return None


def _known_to_all(name: str, path: Path, data_dir: Path) -> Iterator[Check]:
    """Says so if every user of this machine can read a file."""
    real = path.resolve()
    is_open = real.stat().st_mode & stat.S_IROTH and all(
        folder.stat().st_mode & stat.S_IXOTH for folder in real.parents
    )
    if is_open:
        found = f"every user of this machine can read {path}"
        yield Check(name=name, verdict="warn", found=found, cure=_hide(path, data_dir))


def _hide(path: Path, data_dir: Path) -> str:
    """What to do so that nobody but the user whose data it is, and the owner, can read a file."""
    found, group = path.stat(), group_of(data_dir)
    if found.st_uid == owner_of(data_dir) or (found.st_gid == group and found.st_mode & stat.S_IRGRP):
        return f"chmod o= {quote(str(path))}"
    return f"chgrp {group_name(group)} {quote(str(path))} && chmod g=r,o= {quote(str(path))}"


def _cure(path: Path) -> str:
    return f"have it in {path}, which the user that feedsvc runs as must be able to read"
