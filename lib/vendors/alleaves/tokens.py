"""Keeps the token of a log-in until shortly before it expires, for all threads and clients of an account."""

import base64
import binascii
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic_core import from_json

_MARGIN = timedelta(minutes=5)
_LIFETIME_UNSAID = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Token:
    """`use_until` is when a new one is to be fetched."""

    text: str = field(repr=False)
    use_until: datetime

    @classmethod
    def issued(cls, text: str, now: datetime) -> "Token":
        """A token as just received: good until five minutes before its `exp`, for a day when it names none."""
        expires_at = _expiry(text)
        return cls(text, now + _LIFETIME_UNSAID if expires_at is None else expires_at - _MARGIN)


class TokenKeeper:
    """One per account. `log_in` fetches a token's text, and is called by one thread at a time."""

    def __init__(self, log_in: Callable[[], str], now: Callable[[], datetime]) -> None:
        self._log_in = log_in
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self, refused: str | None = None) -> str:
        """A token that may be used now. `refused` is one that was not accepted: unless another thread has replaced it
        already, that is done now."""
        with self._lock:
            now = self._now()
            if self._token is None or self._token.text == refused or now >= self._token.use_until:
                # One that is not kept long enough to be used again still serves the request it was fetched for.
                self._token = Token.issued(self._log_in(), now)
            return self._token.text


def _expiry(text: str) -> datetime | None:
    """`exp` of a JWT, unverified: it is theirs to verify, and only decides when we log in again."""
    _, _, rest = text.partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = from_json(base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, binascii.Error):
        return None
