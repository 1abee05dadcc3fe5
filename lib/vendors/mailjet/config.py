"""Where an org's Mailjet account is, and in whose name it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from lib.domain.contacts import normalise_email
from lib.vendors import config
from lib.vendors.errors import SwitchedOff
from lib.vendors.senders import EmailAddress

VENDOR: Final = "mailjet"

_BASE_URL = "https://api.mailjet.com"
_NAMES_OF_ENVIRONMENT = (
    "MAILJET_API_KEY",
    "MAILJET_SECRET_KEY",
    "MAILJET_SENDER_EMAIL",
    "MAILJET_SENDER_NAME",
    "MAILJET_BASE_URL",
)


@dataclass(frozen=True, slots=True)
class MailjetConfig:
    """A key and its secret, and the verified address that mails come from."""

    api_key: str
    secret_key: str = field(repr=False)
    sender: EmailAddress
    base_url: str = _BASE_URL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From MAILJET_API_KEY, MAILJET_SECRET_KEY, MAILJET_SENDER_EMAIL, MAILJET_SENDER_NAME and MAILJET_BASE_URL.
        Raises SwitchedOff."""
        return cls._from(environment, _NAMES_OF_ENVIRONMENT)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """From an org's own document: `apiKey`, `secretKey`, `fromEmail` and, if set, `fromName` and `baseUrl`.
        Raises SwitchedOff."""
        return cls._from(document, ("apiKey", "secretKey", "fromEmail", "fromName", "baseUrl"))

    @classmethod
    def _from(cls, values: Mapping[str, object], names: tuple[str, str, str, str, str]) -> Self:
        key, secret, email, name, url = names
        address = normalise_email(config.required(VENDOR, values, email, "sender_email"))
        if address is None:
            raise SwitchedOff(VENDOR, f"switched off: {email} is not an address", reason="invalid_sender_email")
        credentials = {
            label: config.required(VENDOR, values, source, label)
            for label, source in (("api_key", key), ("secret_key", secret))
        }
        for label, value in credentials.items():
            if not value.isascii():
                raise SwitchedOff(VENDOR, f"switched off: {label} cannot be one", reason=f"invalid_{label}")
        said = values.get(name)
        return cls(
            api_key=credentials["api_key"],
            secret_key=credentials["secret_key"],
            sender=EmailAddress(address, said.strip() if isinstance(said, str) else ""),
            base_url=config.base_url(VENDOR, values, url, _BASE_URL),
        )
