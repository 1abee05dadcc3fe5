"""What an address has agreed or objected to, carried to the dashboard's documents: every profile that has the address,
its weekly mail, its lists of unsubscribes and suppressions.

Sending does not depend on it (lib/store/consents.py); it is what the shop sees, and what the dashboard itself obeys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import FieldFilter

from lib.domain import pushes
from lib.domain.consent import Channel, ConsentEvent, ConsentKind, ConsentState, is_repetition
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    identity_id,
    is_self_made,
    normalise_email,
    phone_digits,
    phone_variants,
)
from lib.domain.ids import derived_id
from lib.domain.pushes import Push
from lib.store import alpine_pushes, consents
from lib.store.consents import Log
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

# More profiles than this with one address are no people, and a commit has to end.
_PROFILES_MAX = 200
_PUSHES_MAX = 20
_FLAGS = {Channel.EMAIL: ("emailConsent", "emailUnsubscribedAt"), Channel.SMS: ("smsConsent", "smsUnsubscribedAt")}
_OBJECTIONS = ("marketing_withdrawn_at", "all_withdrawn_at", "complained_at")


@dataclass(frozen=True, slots=True)
class Matches:
    """The documents about one address as a transaction has read them."""

    channel: Channel
    address: str
    profiles: tuple[Snapshot, ...]
    subscribers: tuple[Snapshot, ...]
    suppression: Snapshot | None

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Ids of the profiles, sorted."""
        return tuple(sorted(profile.id for profile in self.profiles))

    @property
    def is_known(self) -> bool:
        """Whether anybody of this address is known here."""
        return bool(self.profiles or self.subscribers)


@dataclass(frozen=True, slots=True)
class Opened:
    """The log of an address and the documents about it, ready for an entry."""

    log: Log
    matched: Matches


def open_log(
    transaction: Transaction,
    org: OrgStore,
    channel: Channel,
    address: str,
    *,
    cause: str,
    customer_ids: Iterable[str] = (),
) -> Opened:
    """Reads what an entry changes. `cause` names what happened: the same one is entered once. `customer_ids`: profiles
    that may have the address, however it is written there. Four to six reads and one a document found."""
    log = consents.read(transaction, org, channel, address, cause)
    return Opened(log, matches(transaction, org, channel, address, customer_ids))


@dataclass(frozen=True, slots=True)
class Entered:
    """`pushes`: what is to be enqueued after the commit, so that other systems hear of an opt-out."""

    changed: bool
    pushes: tuple[Push, ...] = ()


def enter(
    transaction: Transaction, org: OrgStore, opened: Opened, event: ConsentEvent, granted_to: str | None = None
) -> Entered:
    """Enters an event, unless there is nothing to enter, and carries what the log then says to the dashboard's
    documents. `granted_to`: the only profile that a grant is for."""
    before = opened.log.state
    if opened.log.repeated or is_repetition(before, event):
        return Entered(False)
    state = consents.append(transaction, org, opened.log, event, opened.matched.customer_ids)
    _carry(transaction, org, opened.matched, state, event.recorded_at)
    if event.kind is ConsentKind.MARKETING_GRANTED and state.is_granted:
        _carry_grant(transaction, opened.matched, event.recorded_at, granted_to)
    if not _forbids(state) or _forbids(before) or not alpine_pushes.switches(org).opt_outs:
        return Entered(True)
    told = [
        pushes.opt_out(org.org_id, customer_id, opened.matched.channel, opened.log.event_id, event.recorded_at)
        for customer_id in opened.matched.customer_ids[:_PUSHES_MAX]
    ]
    for push in told:
        alpine_pushes.add(transaction, org, push)
    return Entered(True, tuple(told))


def matches(
    transaction: Transaction, org: OrgStore, channel: Channel, address: str, customer_ids: Iterable[str] = ()
) -> Matches:
    """Everything of the org that has this normalised address."""
    kind = IdentityKind.EMAIL if channel is Channel.EMAIL else IdentityKind.PHONE
    identity = org.document("identities", identity_id(org.org_id, IdentityKey(kind, address)))
    suppression = consents.suppression(org, address) if channel is Channel.EMAIL else None
    led_to, *suppressions = transaction.get([identity, *([suppression] if suppression else [])])
    wanted = {*customer_ids, *([led_to.get("customerId")] if led_to.exists else ())}
    named = transaction.get([org.customer(customer_id) for customer_id in sorted(wanted)])
    found = {profile.id: profile for profile in named if _has(profile.to_dict() or {}, org, channel, address)}
    for query in _queries(org, channel, address):
        found |= {profile.id: profile for profile in transaction.query(query.limit(_PROFILES_MAX))}
    subscribers: list[Snapshot] = []
    if channel is Channel.EMAIL:
        rows = org.weekly_subscribers().where(filter=FieldFilter("email", "==", address))
        subscribers = transaction.query(rows.limit(_PROFILES_MAX))
    known_suppression = suppressions[0] if suppressions else None
    return Matches(channel, address, tuple(found.values()), tuple(subscribers), known_suppression)


def _forbids(state: ConsentState) -> bool:
    return state.is_opted_out or state.has_complained


def _carry(transaction: Transaction, org: OrgStore, matched: Matches, state: ConsentState, now: datetime) -> None:
    """Writes what the state forbids, one write a document that changes."""
    if _forbids(state):
        flag, objected = _FLAGS[matched.channel]
        at = _iso(max(getattr(state, name) for name in _OBJECTIONS))
        for profile in matched.profiles:
            _change(transaction, profile, {flag: False, objected: at}, now)
        _enter_unsubscribe(transaction, org, matched, at)
    _leave_weekly_mail(transaction, matched, state, now)
    _suppress(transaction, org, matched, state)


def _carry_grant(transaction: Transaction, matched: Matches, now: datetime, granted_to: str | None) -> None:
    """Switches the flag on, where the holder of the address has agreed (`granted_to` None) on every profile that is not
    its owner's own making."""
    flag, _ = _FLAGS[matched.channel]
    for profile in matched.profiles:
        if not is_self_made(profile.id) if granted_to is None else profile.id == granted_to:
            _change(transaction, profile, {flag: True}, now)


def _has(fields: Mapping[str, Any], org: OrgStore, channel: Channel, address: str) -> bool:
    """Whether a profile has this address by now: people change theirs."""
    if not org.owns(fields):
        return False
    if channel is Channel.EMAIL:
        return normalise_email(fields.get("email")) == address
    forms = {re.sub(r"\D", "", form) for form in phone_variants(address)}
    return any(re.sub(r"\D", "", str(fields.get(name) or "")) in forms for name in ("phone", "phoneDigits"))


def _queries(org: OrgStore, channel: Channel, address: str) -> list[Any]:
    if channel is Channel.EMAIL:
        return [org.customers().where(filter=FieldFilter("email", "==", address))]
    digits = phone_digits(address)
    return [
        org.customers().where(filter=FieldFilter("phone", "in", list(phone_variants(address)))),
        org.customers().where(filter=FieldFilter("phoneDigits", "in", list(dict.fromkeys((digits, digits[-10:]))))),
    ]


def _change(transaction: Transaction, document: Snapshot, fields: Mapping[str, Any], now: datetime) -> None:
    stored = document.to_dict() or {}
    if any(stored.get(name) != value for name, value in fields.items()):
        transaction.update(document.reference, {**fields, "updatedAt": now})


def _enter_unsubscribe(transaction: Transaction, org: OrgStore, matched: Matches, at: str) -> None:
    """One row an address, in the dashboard's form; a later objection replaces the date of an earlier one."""
    by_email = matched.channel is Channel.EMAIL
    row = {
        "email": matched.address if by_email else None,
        "phone": None if by_email else matched.address,
        "channel": matched.channel.value,
        "source": "one_click_link" if by_email else "sms_reply",
        "unsubscribedAt": at,
        "customerId": matched.customer_ids[0] if matched.customer_ids else None,
    }
    row_id = derived_id("unsubscribe", org.org_id, matched.channel, matched.address)
    transaction.replace(org.unsubscribe(row_id), org.stamped(row))


def _leave_weekly_mail(transaction: Transaction, matched: Matches, state: ConsentState, now: datetime) -> None:
    """Its sender looks at this status and at nothing else."""
    status = "unsubscribed" if _forbids(state) else None
    status = status or ("bounced" if state.is_undeliverable else None)
    for row in matched.subscribers if status else ():
        if (row.to_dict() or {}).get("status") != status:
            transaction.update(row.reference, {"status": status, "unsubscribedAt": now})


def _suppress(transaction: Transaction, org: OrgStore, matched: Matches, state: ConsentState) -> None:
    """Only where there is no suppression yet: the dashboard's hold for all orgs, ours for the org they name."""
    if matched.suppression is None or matched.suppression.exists:
        return
    if state.has_complained:
        reason, at = "complaint", state.complained_at
    elif state.is_undeliverable:
        reason, at = "bounce", state.undeliverable_at
    else:
        return
    row = {"email": matched.address, "reason": reason, "source": "vendor_events", "campaignId": None}
    transaction.create(org.suppression(matched.address), org.stamped({**row, "suppressedAt": at}))


def _iso(moment: datetime) -> str:
    """As the dashboard writes it: 2026-01-05T09:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
