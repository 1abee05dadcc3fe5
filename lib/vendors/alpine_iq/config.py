"""Where an org's Alpine IQ account is and what opens it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from lib.vendors import config
from lib.vendors.errors import SwitchedOff

VENDOR: Final = "alpine_iq"

_BASE_URL = "https://lab.alpineiq.com"


@dataclass(frozen=True, slots=True)
class AlpineIqConfig:
    """`uid` is the numeric account id, which their addresses carry."""

    uid: str
    api_key: str = field(repr=False)
    base_url: str = _BASE_URL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From ALPINE_IQ_API_KEY, ALPINE_IQ_UID and, if set, ALPINE_IQ_BASE_URL. Raises SwitchedOff."""
        return cls._from(environment, ("ALPINE_IQ_API_KEY", "ALPINE_IQ_UID", "ALPINE_IQ_BASE_URL"))

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """From an org's own document: `apiKey`, `uid` and, if set, `baseUrl`. Raises SwitchedOff."""
        return cls._from(document, ("apiKey", "uid", "baseUrl"))

    @classmethod
    def _from(cls, values: Mapping[str, object], names: tuple[str, str, str]) -> Self:
        key_name, uid_name, url_name = names
        api_key = config.required(VENDOR, values, key_name, "api_key")
        if not api_key.isascii():
            raise SwitchedOff(VENDOR, f"switched off: {key_name} cannot be a key", reason="invalid_api_key")
        uid = config.required(VENDOR, values, uid_name, "uid")
        if not (uid.isascii() and uid.isdecimal()):
            raise SwitchedOff(VENDOR, f"switched off: {uid_name} is not a number", reason="invalid_uid")
        return cls(uid=uid, api_key=api_key, base_url=config.base_url(VENDOR, values, url_name, _BASE_URL))
