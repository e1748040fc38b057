"""Who may ask for a refresh over HTTP, and how often. Knows nothing of HTTP but the header that names the asker."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from feedsvc.errors import ConfigError

_MIN_TOKEN_CHARACTERS = 16
_MAX_FILE_BYTES = 4096
#: how many requests may come at once, and after how many seconds another one
_BURST = 10
_SECONDS_EACH = 6.0


class Asked(IntEnum):
    """What came of asking for a refresh; the value is the status of the answer."""

    #: it will be done as soon as possible
    ACCEPTED = 202
    #: there is no such source
    UNKNOWN = 404
    #: it is being refreshed right now, or will be in a moment
    BUSY = 409


class Limit:
    """So many at once, and then one now and then (a token bucket)."""

    def __init__(
        self,
        burst: int = _BURST,
        seconds_each: float = _SECONDS_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._seconds_each = seconds_each
        self._clock = clock
        self._left = float(burst)
        self._at = clock()

    def allows(self) -> bool:
        """Whether one more may come now; it is counted if so."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) / self._seconds_each)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def wait_s(self) -> int:
        """After how many seconds it makes sense to come again."""
        return max(1, round(self._seconds_each))


class Gate:
    """Lets those in who show the token of a file, and none too often.

    Wrong tokens have a limit of their own: who guesses keeps nobody out. The file is read for each request, so that a
    new token needs no restart.
    """

    def __init__(self, token_file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = token_file
        self._right = Limit(clock=clock)
        self._wrong = Limit(clock=clock)
        read_token(token_file)

    def refusal(self, authorization: str) -> int | None:
        """The status to refuse a request with, by its Authorization header; None to let it in.

        Raises: ConfigError if the file cannot be read any longer.
        """
        scheme, _, given = authorization.strip().partition(" ")
        token = read_token(self._file).encode()
        same = hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), token)
        if same and scheme.lower() == "bearer":
            return None if self._right.allows() else 429
        return 401 if self._wrong.allows() else 429

    @property
    def wait_s(self) -> int:
        """After how many seconds it makes sense to come again."""
        return self._right.wait_s


def read_token(path: Path) -> str:
    """The token in a file. Raises: ConfigError naming the file, never what is in it."""
    try:
        with path.open("rb") as file:
            token = file.read(_MAX_FILE_BYTES).decode("ascii").strip()
    except OSError as error:
        raise _no_token(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _no_token(path, "holds no token: it is not ASCII") from error
    if len(token) < _MIN_TOKEN_CHARACTERS or not token.isprintable() or " " in token:
        raise _no_token(
            path,
            f"must hold one token of {_MIN_TOKEN_CHARACTERS} characters or more; "
            f"make one with: openssl rand -hex 32 > {path}",
        )
    return token


def _no_token(path: Path, reason: str) -> ConfigError:
    return ConfigError(None, [f"server.refresh_token_file: {path}: {reason}"])
