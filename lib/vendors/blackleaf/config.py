"""Where an org's Blackleaf account is, and which generation of the API it speaks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from lib.vendors import config
from lib.vendors.errors import SwitchedOff

VENDOR: Final = "blackleaf"

_BASE_URL = "https://api.blackleaf.io"


class Generation(StrEnum):
    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class BlackleafConfig:
    """The account's key, and where to send it."""

    api_key: str = field(repr=False)
    generation: Generation = Generation.V2
    base_url: str = _BASE_URL

    @property
    def account(self) -> str:
        """Tells accounts apart in logs without showing the key."""
        return hashlib.sha256(self.api_key.encode()).hexdigest()[:12]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From BLACKLEAF_API_KEY, BLACKLEAF_API (v2 or v1) and BLACKLEAF_BASE_URL. Raises SwitchedOff."""
        return cls._from(environment, ("BLACKLEAF_API_KEY", "BLACKLEAF_API", "BLACKLEAF_BASE_URL"))

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """From an org's own document: `apiKey` and, if set, `api` and `baseUrl`. Raises SwitchedOff."""
        return cls._from(document, ("apiKey", "api", "baseUrl"))

    @classmethod
    def _from(cls, values: Mapping[str, object], names: tuple[str, str, str]) -> Self:
        key, api, url = names
        wanted = str(values.get(api) or Generation.V2).strip().lower()
        generation = next((known for known in Generation if known == wanted), None)
        if generation is None:
            raise SwitchedOff(VENDOR, f"switched off: {api} must be v2 or v1", reason="invalid_api")
        api_key = config.required(VENDOR, values, key, "api_key")
        if not api_key.isascii():
            raise SwitchedOff(VENDOR, f"switched off: {key} cannot be a key", reason="invalid_api_key")
        return cls(
            api_key=api_key,
            generation=generation,
            base_url=config.base_url(VENDOR, values, url, _BASE_URL),
        )
