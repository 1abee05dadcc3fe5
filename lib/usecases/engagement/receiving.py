"""Webhooks of the senders' vendors: who calls is made sure of, the events are stored once, a task is made for them.

They are answered before they are worked, and refused when they cannot be stored or enqueued: both vendors call again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lib.domain.consent import Channel
from lib.domain.errors import NotFound, Unauthenticated
from lib.domain.ids import derived_id, is_org_id
from lib.domain.vendor_events import Happened, VendorEvent
from lib.platform import clock, secrets, tasks
from lib.store import settings as settings_store
from lib.store import vendor_events
from lib.store.org import OrgStore
from lib.vendors.blackleaf import webhook as blackleaf
from lib.vendors.blackleaf.config import VENDOR as BLACKLEAF
from lib.vendors.mailjet import webhook as mailjet
from lib.vendors.mailjet.config import VENDOR as MAILJET
from lib.vendors.webhooks import require_shared_secret

QUEUE: Final = "workevent"
"""The task function that works events, which is also its queue."""

# A task works so many, one after the other; a group has a hundred.
_EVENTS_PER_TASK = 25
_OVERDUE_AFTER = timedelta(minutes=10)

_OF_BLACKLEAF = {
    blackleaf.EventKind.SENT: Happened.SENT,
    blackleaf.EventKind.DELIVERED: Happened.DELIVERED,
    blackleaf.EventKind.FAILED: Happened.FAILED,
    blackleaf.EventKind.CLICKED: Happened.CLICKED,
    blackleaf.EventKind.REPLIED: Happened.REPLIED,
    blackleaf.EventKind.OTHER: Happened.OTHER,
}
_OF_MAILJET = {
    # Their "sent" is the word of the receiving server that it has the mail.
    mailjet.EventKind.SENT: Happened.DELIVERED,
    mailjet.EventKind.OPENED: Happened.OPENED,
    mailjet.EventKind.CLICKED: Happened.CLICKED,
    mailjet.EventKind.BOUNCED: Happened.BOUNCED,
    mailjet.EventKind.BLOCKED: Happened.FAILED,
    mailjet.EventKind.COMPLAINED: Happened.COMPLAINED,
    mailjet.EventKind.UNSUBSCRIBED: Happened.UNSUBSCRIBED,
    mailjet.EventKind.OTHER: Happened.OTHER,
}


def receive_blackleaf(path: str, body: bytes) -> int:
    """Stores the events of a request to `{org}/{secret}`; how many there were.

    Raises NotFound for an address that is none, InvalidInput for a body that is none, Unavailable.
    """
    org, given = _called(path)
    secret, now = secrets.blackleaf_webhook_secret(org.org_id), clock.now()
    _require_address(BLACKLEAF, secret, given)
    region = settings_store.load(org).country
    events = blackleaf.read_events(body, given=given, secret=secret, received_at=now, region=region)
    return _keep(org, [(_of_blackleaf(event, now), event.raw) for event in events])


def receive_mailjet(path: str, authorization: str | None, body: bytes) -> int:
    """Stores the events of a request to `{org}/{secret}` with Basic credentials; how many there were. Raises as above,
    and Unauthenticated for another password."""
    org, given = _called(path)
    password, now = secrets.mailjet_webhook_password(org.org_id), clock.now()
    _require_address(MAILJET, secrets.mailjet_webhook_secret(org.org_id) if password else None, given)
    events = mailjet.read_events(body, given=mailjet.basic_password(authorization), secret=password)
    return _keep(org, [(_of_mailjet(event, now), event.raw) for event in events])


def sweep() -> int:
    """Enqueues events that wait although their task is long due; how many. One read where there are none."""
    now = clock.now()
    found: dict[str, list[str]] = {}
    for org_id, item_id in vendor_events.overdue(now - _OVERDUE_AFTER):
        found.setdefault(org_id, []).append(item_id)
    for org_id, item_ids in found.items():
        _enqueue(org_id, item_ids, turn=f"{now:%Y-%m-%dT%H:%M}")
    return sum(map(len, found.values()))


def _called(path: str) -> tuple[OrgStore, str]:
    org_id, mark, given = path.partition("/")
    if not mark or not given or not is_org_id(org_id):
        raise _no_such_address()
    return OrgStore(org_id), given


def _require_address(vendor: str, secret: str | None, given: str) -> None:
    """The secret is part of the address: with another one, or without any configured, there is nothing here."""
    if secret is None:
        raise _no_such_address()
    try:
        require_shared_secret(vendor, secret, given)
    except Unauthenticated:
        raise _no_such_address() from None


def _no_such_address() -> NotFound:
    return NotFound("there is no such webhook", reason="unknown_webhook")


def _keep(org: OrgStore, events: Sequence[tuple[VendorEvent, Mapping[str, Any]]]) -> int:
    _enqueue(org.org_id, vendor_events.keep(org, events))
    return len(events)


def _enqueue(org_id: str, item_ids: Sequence[str], *, turn: str = "") -> None:
    for start in range(0, len(item_ids), _EVENTS_PER_TASK):
        batch = list(item_ids[start : start + _EVENTS_PER_TASK])
        work = ("events", org_id, derived_id(*batch), turn)
        tasks.enqueue(QUEUE, work, {"orgId": org_id, "itemIds": batch})


def _of_blackleaf(event: blackleaf.Event, now: datetime) -> VendorEvent:
    return VendorEvent(
        vendor=BLACKLEAF,
        key=event.key,
        channel=Channel.SMS,
        happened=_OF_BLACKLEAF[event.kind],
        name=event.name,
        at=min(event.at or now, now),
        received_at=now,
        provider_id=event.message_id or "",
        address=event.customer_phone or "",
        text=event.text or "" if event.kind is blackleaf.EventKind.REPLIED else "",
    )


def _of_mailjet(event: mailjet.Event, now: datetime) -> VendorEvent:
    return VendorEvent(
        vendor=MAILJET,
        key=event.key,
        channel=Channel.EMAIL,
        happened=_OF_MAILJET[event.kind],
        name=event.name,
        at=min(event.at or now, now),
        received_at=now,
        message_id=event.message_id or "",
        provider_id=event.provider_id or "",
        address=event.email or "",
        permanent=event.permanent,
        reason=event.error or "",
    )
