"""Where an org's Alleaves account is and who logs in to it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from lib.vendors import config

VENDOR: Final = "alleaves"

_BASE_URL = "https://app.alleaves.com/api"


@dataclass(frozen=True, slots=True)
class AlleavesConfig:
    """A user of theirs, with the pin that goes with it."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    pin: str = field(repr=False)
    base_url: str = _BASE_URL

    @property
    def account(self) -> str:
        """Tells accounts apart in logs without naming the user."""
        return hashlib.sha256(self.username.encode()).hexdigest()[:12]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From ALLEAVES_USERNAME, ALLEAVES_PASSWORD, ALLEAVES_PIN and ALLEAVES_BASE_URL. Raises SwitchedOff."""
        names = ("ALLEAVES_USERNAME", "ALLEAVES_PASSWORD", "ALLEAVES_PIN", "ALLEAVES_BASE_URL")
        return cls._from(environment, names)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """From an org's own document: `username`, `password`, `pin` and, if set, `baseUrl`. Raises SwitchedOff."""
        return cls._from(document, ("username", "password", "pin", "baseUrl"))

    @classmethod
    def _from(cls, values: Mapping[str, object], names: tuple[str, str, str, str]) -> Self:
        username, password, pin, url = names
        return cls(
            username=config.required(VENDOR, values, username, "username"),
            password=config.required(VENDOR, values, password, "password"),
            pin=config.required(VENDOR, values, pin, "pin"),
            base_url=config.base_url(VENDOR, values, url, _BASE_URL),
        )
