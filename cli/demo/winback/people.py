"""Whom the campaign is for, and what each has said of being written to, made up; so what must reach whom follows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.domain.identity import normalise_email, normalise_phone
from lib.domain.settings import DEFAULT_SETTINGS

SMS, EMAIL = "sms", "email"
CHANNELS = (SMS, EMAIL)

_READERS = {
    SMS: lambda fields: normalise_phone(fields.get("phone"), DEFAULT_SETTINGS.country),
    EMAIL: lambda fields: normalise_email(fields.get("email")),
}


class Said(StrEnum):
    """What somebody has said of advertising on a channel, before the campaign."""

    AGREED = "agreed"
    NOTHING = "nothing"
    OPTED_OUT = "opted_out"


# Of texts and of e-mails, in turn.
_SAID = (
    (Said.AGREED, Said.AGREED),
    (Said.AGREED, Said.NOTHING),
    (Said.NOTHING, Said.AGREED),
    (Said.AGREED, Said.AGREED),
    (Said.NOTHING, Said.NOTHING),
    (Said.AGREED, Said.OPTED_OUT),
    (Said.NOTHING, Said.AGREED),
    (Said.OPTED_OUT, Said.AGREED),
    (Said.AGREED, Said.NOTHING),
    (Said.OPTED_OUT, Said.OPTED_OUT),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. `addresses`: by channel, normalised, "" for none; `said`: what they have said of each."""

    customer_id: str
    addresses: Mapping[str, str]
    said: Mapping[str, Said]

    def why_not(self, channel: str) -> str:
        """Why this person gets nothing on a channel, in the product's word; "" for nothing."""
        if not self.addresses[channel]:
            return "no_address"
        return {Said.AGREED: "", Said.NOTHING: "no_consent", Said.OPTED_OUT: "opted_out"}[self.said[channel]]

    @property
    def channels(self) -> tuple[str, ...]:
        """On which this person can be written to."""
        return tuple(channel for channel in CHANNELS if not self.why_not(channel))


def people(customers: Mapping[str, Mapping[str, Any]], most: int) -> list[Person]:
    """The first so many customers by id, by their documents; archived ones are none.

    Nobody has said anything of an address that two of them share: what one says of it would be said for both.
    """
    chosen = [each for each in sorted(customers) if not customers[each].get("archived")][:most]
    addresses = {each: {channel: _READERS[channel](customers[each]) or "" for channel in CHANNELS} for each in chosen}
    holders = Counter(address for own in addresses.values() for address in own.values())
    found = []
    for place, customer_id in enumerate(chosen):
        own, said = addresses[customer_id], dict(zip(CHANNELS, _SAID[place % len(_SAID)], strict=True))
        shared = {channel: Said.NOTHING for channel in CHANNELS if holders[own[channel]] > 1}
        found.append(Person(customer_id, own, said | shared))
    return found


def skipped(people: Sequence[Person], channel: str) -> dict[str, int]:
    """How many cannot be written to on a channel, by reason."""
    return dict(Counter(reason for person in people if (reason := person.why_not(channel))))
