"""What must have come of the campaign, from what its people have said; and where it was otherwise, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from cli.demo.report import Json
from cli.demo.winback.people import CHANNELS, SMS, Person, skipped
from lib.domain.settings import DEFAULT_SETTINGS

# The widest that any law leaves.
_HOURS = range(8, 21)


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to be judged by. `sent`: the campaign's messages in the vendors' inbox. `recipients`: documents.

    stopped: who opted out while their text was waiting. left: who did with their e-mail in hand. cents: what those who
    came back have spent, by order.
    """

    people: Sequence[Person]
    sent: Sequence[Json]
    recipients: Sequence[Json]
    preview: Json
    results: Json
    stopped: Set[str]
    left: Set[str]
    cents: Mapping[str, int]

    @property
    def held_out(self) -> set[str]:
        """Whom the lot has left out, as written down before anything was sent."""
        return {each["customerId"] for each in self.recipients if each["group"] == "holdout"}

    @property
    def must_get(self) -> set[tuple[str, str]]:
        """Customer and channel of each message."""
        agreed = {(each.customer_id, channel) for each in self.people for channel in each.channels}
        stopped = {(customer_id, SMS) for customer_id in self.stopped}
        return {each for each in agreed if each[0] not in self.held_out} - stopped


def differences(seen: Seen) -> list[str]:
    """Everything that is not as it must be."""
    return [*_messages(seen), *_hours(seen), *_preview(seen), *_recipients(seen), *_results(seen)]


def _messages(seen: Seen) -> Iterator[str]:
    """Exactly one to each who must get one, none to anybody else."""
    owners = {
        (channel, address): each.customer_id
        for each in seen.people
        for channel, address in each.addresses.items()
        if channel in each.channels
    }
    got = Counter(
        (owners.get((each["channel"], address_of(each)), address_of(each)), each["channel"]) for each in seen.sent
    )
    for who, channel in sorted(got.keys() | seen.must_get):
        is_now, must_be = got[who, channel], int((who, channel) in seen.must_get)
        if is_now != must_be:
            yield f"campaign: {who} got {is_now} by {channel}, expected {must_be}"


def _hours(seen: Seen) -> Iterator[str]:
    for each in seen.sent:
        at = datetime.fromtimestamp(each["at"], UTC)
        for zone in _zones(each):
            if at.astimezone(ZoneInfo(zone)).hour not in _HOURS:
                yield f"campaign: {address_of(each)} was written to at {at:%H:%M} UTC, at night in {zone}"


def _zones(message: Json) -> tuple[str, ...]:
    if message["channel"] == SMS:
        return time_zones_for_number(phonenumbers.parse(address_of(message)))
    return (DEFAULT_SETTINGS.time_zone,)


def _preview(seen: Seen) -> Iterator[str]:
    """What was shown before is what was known before, but for those who opted out since."""
    reachable = [each for each in seen.people if each.channels]
    facts: dict[str, tuple[object, object]] = {
        "audience": (seen.preview["audience"]["size"], len(seen.people)),
        "reachable": (seen.preview["reachable"], len(reachable)),
        "held out": (seen.preview["heldOut"], len(seen.held_out)),
    }
    for channel in CHANNELS:
        facts[f"skipped by {channel}"] = seen.preview["channels"][channel]["skipped"], skipped(seen.people, channel)
    yield from _unlike("preview", facts)


def _recipients(seen: Seen) -> Iterator[str]:
    """One document for each customer and channel, one for each who was drawn, with what was decided and why."""
    people = {each.customer_id: each for each in seen.people}
    for each in seen.recipients:
        person, channel = people.get(each["customerId"]), each["channel"]
        if person is None:
            yield f"campaign: {each['customerId']} is a recipient, and was not meant"
        elif channel in CHANNELS and (each["group"] == "treated") != (channel in person.channels):
            yield f"campaign: {person.customer_id} is {each['group']} by {channel}, having said {person.said[channel]}"
        elif each["group"] == "holdout" and not person.channels:
            yield f"campaign: {person.customer_id} is held out, and could not be written to"
    if missing := people.keys() - {each["customerId"] for each in seen.recipients}:
        yield f"campaign: {', '.join(sorted(missing))} have no recipient document"


def _results(seen: Seen) -> Iterator[str]:
    results, reachable = seen.results, {each.customer_id for each in seen.people if each.channels}
    groups = results["groups"]
    yield from _unlike(
        "results",
        {
            "status": (results["status"], "sent"),
            "sent": (results["performance"]["sent"], len(seen.must_get)),
            "unsubscribed": (results["performance"]["unsubscribed"], len(seen.left)),
            "treated": (groups["treated"]["customers"], len(reachable - seen.held_out)),
            "held out": (groups["holdout"]["customers"], len(seen.held_out)),
            "orders": (results["claimed"]["orders"], len(seen.cents)),
            "revenue in cents": (results["claimed"]["revenueCents"], sum(seen.cents.values())),
            "buyers among those held out": (groups["holdout"]["buyers"], 0),
        },
    )


def _unlike(what: str, facts: Mapping[str, tuple[object, object]]) -> Iterator[str]:
    for name, (is_now, must_be) in facts.items():
        if is_now != must_be:
            yield f"campaign, {what}: {name} {is_now}, expected {must_be}"


def address_of(message: Json) -> str:
    """To whom a message of the inbox went, normalised."""
    return f"+{message['to']}" if message["channel"] == SMS else str(message["to"])
