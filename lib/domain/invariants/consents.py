"""Checks consent logs: a document says what its events add up to, and every event lies in the log that it names."""

from collections.abc import Iterator
from datetime import datetime

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Fact, Invariant, Violation, differing

_CHANNELS = shapes.one_of("sms", "email")
# Which date an event of each kind moves. Listed a second time, as is who counts as the holder of an address.
_DATES = {
    "marketing_granted": "grantedAt",
    "marketing_withdrawn": "marketingWithdrawnAt",
    "all_withdrawn": "allWithdrawnAt",
    "undeliverable": "undeliverableAt",
    "complained": "complainedAt",
}
_HOLDERS = frozenset({"reply", "signed_link", "confirmation", "signed_in"})
_ALL_DATES = (*_DATES.values(), "holderGrantedAt")

CONSENT_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId"), shapes.TEXT),
    "channel": _CHANNELS,
    **dict.fromkeys(_ALL_DATES, shapes.optional(shapes.INSTANT)),
    "events": shapes.POSITIVE,
    "customerIds": shapes.listing(shapes.TEXT),
    **dict.fromkeys(("createdAt", "updatedAt"), shapes.INSTANT),
}
EVENT_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "consentId", "source"), shapes.TEXT),
    "channel": _CHANNELS,
    "kind": shapes.one_of(*_DATES),
    **dict.fromkeys(("occurredAt", "recordedAt"), shapes.INSTANT),
    **dict.fromkeys(("wording", "actor"), shapes.Type("a string", lambda value: isinstance(value, str))),
}


class ConsentReader:
    """Reads all events of one log, already of their declared shape, and then judges its document by them."""

    def __init__(self, org_id: str, path: str) -> None:
        self._org_id = org_id
        self._path = path
        self._id = path.rpartition("/")[2]
        self._events = 0
        self._dates: dict[str, datetime | None] = dict.fromkeys(_ALL_DATES)

    def read(self, event: Document) -> Iterator[Violation]:
        """What is wrong with one event by itself."""
        fields = event.fields
        self._events += 1
        # What is said to have happened after it was heard of counts from then.
        at = min(fields["occurredAt"], fields["recordedAt"])
        self._move(_DATES[fields["kind"]], at)
        if fields["kind"] == "marketing_granted" and fields["source"] in _HOLDERS:
            self._move("holderGrantedAt", at)
        named: list[Fact] = [
            ("id", event.id, fields["id"]),
            ("orgId", self._org_id, fields["orgId"]),
            ("consentId", self._id, fields["consentId"]),
            ("channel", self._id.partition(":")[0], fields["channel"]),
        ]
        yield from differing(Invariant.CONSENT_OWN, event.path, named)

    def close(self, document: Document) -> Iterator[Violation]:
        """What is wrong with the document, now that all of its events have been read."""
        fields = document.fields
        dates: list[Fact] = [(name, at, fields[name]) for name, at in self._dates.items()]
        yield from differing(Invariant.CONSENT_SUMS, self._path, [("events", self._events, fields["events"]), *dates])
        named: list[Fact] = [
            ("id", self._id, fields["id"]),
            ("orgId", self._org_id, fields["orgId"]),
            ("channel", self._id.partition(":")[0], fields["channel"]),
        ]
        yield from differing(Invariant.CONSENT_OWN, self._path, named)

    def lost(self) -> Iterator[Violation]:
        """That there are events of a document that is gone."""
        yield Violation(Invariant.CONSENT_SUMS, self._path, f"a document of {self._events} events", "none")

    def _move(self, name: str, at: datetime) -> None:
        known = self._dates[name]
        self._dates[name] = at if known is None else max(known, at)
