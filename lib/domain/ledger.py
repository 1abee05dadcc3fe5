"""The points ledger of one customer: append-only entries, four balances, lots, and a hash chain over all of it.

`Account` is the state after the last entry; `Journal` is the only way to change it, one entry at a time. Corrections
are new entries. Points are integers. Times are UTC.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lib.domain import lots as lot_rules
from lib.domain.errors import InvariantBroken
from lib.domain.ids import canonical_json
from lib.domain.lots import LotChange, Lots

GENESIS_HASH = "0" * 64


class EntryKind(StrEnum):
    """Why points moved."""

    EARN = "earn"
    CLAWBACK = "clawback"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    REINSTATE = "reinstate"
    EXPIRE = "expire"
    ADJUST = "adjust"
    BONUS = "bonus"
    RECONCILE = "reconcile"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Balances:
    """available: can be spent; pending: earned, not yet released; reserved: set aside by holds; debt: owed after a
    clawback that the balance could not cover. None is ever negative."""

    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's ledger after its last entry: `seq` entries so far, the last one's hash, balances and open lots."""

    org_id: str
    customer_id: str
    seq: int = 0
    head_hash: str = GENESIS_HASH
    balances: Balances = Balances()
    lots: Lots = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What an entry comes from: ("order", order id), ("redemption", its id), ("adjustment", key), ("opening", id)."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused it: ("system", "on_order_written"), ("staff", uid), ("customer", uid)."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Memo:
    """What an entry says about itself besides numbers. `key` is permanent and unique in the customer's ledger."""

    source: Source
    key: str
    fingerprint: str
    rule_version: str
    reason: str
    actor: Actor
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `points` is the signed change of available; `reserved` and `debt` are changes too."""

    org_id: str
    customer_id: str
    seq: int
    kind: EntryKind
    points: int
    pending: int
    reserved: int
    debt: int
    balances: Balances
    lots: tuple[LotChange, ...]
    memo: Memo
    recorded_at: datetime
    prev_hash: str
    hash: str


class Journal:
    """Appends entries to one account. After every method its invariants hold, or InvariantBroken is raised."""

    def __init__(self, account: Account, recorded_at: datetime) -> None:
        self.account = account
        self.entries: list[Entry] = []
        self._recorded_at = recorded_at

    def credit(self, kind: EntryKind, points: int, expires_at: datetime | None, memo: Memo) -> Entry:
        """Points in; a debt is paid from them at once, by an entry of its own. Returns the credit's entry."""
        _require_positive(points)
        change = lot_rules.joining(self.account.lots, points, expires_at, str(self.account.seq + 1))
        entry = self._append(kind, memo, [change], points=points)
        self._collect_debt(memo)
        return entry

    def debit(self, kind: EntryKind, points: int, memo: Memo) -> Entry:
        """Points out of available, earliest expiry first. The caller has checked that they suffice."""
        _require_positive(points)
        return self._append(kind, memo, lot_rules.eating(self.account.lots, points), points=-points)

    def claw_back(self, points: int, memo: Memo, *, own_lots: Collection[str] = ()) -> Entry:
        """Takes back what a refunded order granted, its own lots first. What is already spent becomes debt."""
        _require_positive(points)
        taken = min(points, self.account.balances.available)
        changes = lot_rules.eating(self.account.lots, taken, first=own_lots)
        return self._append(EntryKind.CLAWBACK, memo, changes, points=-taken, debt=points - taken)

    def hold(self, points: int, memo: Memo) -> Entry:
        """Sets points aside. The entry's lots say which ones: capture and void want them back as `allocation`."""
        _require_positive(points)
        changes = lot_rules.reserving(self.account.lots, points)
        return self._append(EntryKind.HOLD, memo, changes, points=-points, reserved=points)

    def capture(self, allocation: Sequence[LotChange], points: int, memo: Memo) -> Entry:
        """Spends the first `points` of a hold and gives its rest back to available."""
        _require_positive(points)
        spent, rest = lot_rules.split(allocation, points)
        changes = [replace(part, points=-part.reserved, reserved=-part.reserved) for part in spent]
        changes += [replace(part, reserved=-part.reserved) for part in rest]
        returned = sum(part.reserved for part in rest)
        entry = self._append(EntryKind.CAPTURE, memo, changes, points=returned, reserved=-points - returned)
        self._collect_debt(memo)
        return entry

    def void(self, allocation: Sequence[LotChange], memo: Memo) -> Entry:
        """Gives a whole hold back to available."""
        changes = [replace(part, reserved=-part.reserved) for part in allocation]
        points = sum(part.reserved for part in allocation)
        entry = self._append(EntryKind.VOID, memo, changes, points=points, reserved=-points)
        self._collect_debt(memo)
        return entry

    def reinstate(self, spent: Sequence[LotChange], memo: Memo) -> Entry:
        """Puts spent points back on the lots they came from, with their old expiry; closed lots reopen.

        `spent` are the lot changes with the points to give back as positive numbers.
        """
        points = sum(part.points for part in spent)
        _require_positive(points)
        entry = self._append(EntryKind.REINSTATE, memo, list(spent), points=points)
        self._collect_debt(memo)
        return entry

    def _collect_debt(self, memo: Memo) -> None:
        owed = min(self.account.balances.debt, self.account.balances.available)
        if owed:
            changes = lot_rules.eating(self.account.lots, owed)
            debt_memo = replace(memo, key=f"{memo.key}:debt", reason="debt collected")
            self._append(EntryKind.CLAWBACK, debt_memo, changes, points=-owed, debt=-owed)

    def _append(
        self,
        kind: EntryKind,
        memo: Memo,
        changes: Sequence[LotChange],
        *,
        points: int = 0,
        pending: int = 0,
        reserved: int = 0,
        debt: int = 0,
    ) -> Entry:
        before = self.account
        balances = Balances(
            available=before.balances.available + points,
            pending=before.balances.pending + pending,
            reserved=before.balances.reserved + reserved,
            debt=before.balances.debt + debt,
        )
        lots = lot_rules.apply(before.lots, changes)
        check_account(balances, lots)
        unsealed = Entry(
            org_id=before.org_id,
            customer_id=before.customer_id,
            seq=before.seq + 1,
            kind=kind,
            points=points,
            pending=pending,
            reserved=reserved,
            debt=debt,
            balances=balances,
            lots=tuple(changes),
            memo=memo,
            recorded_at=self._recorded_at,
            prev_hash=before.head_hash,
            hash="",
        )
        entry = replace(unsealed, hash=entry_hash(unsealed))
        self.account = replace(before, seq=entry.seq, head_hash=entry.hash, balances=balances, lots=lots)
        self.entries.append(entry)
        return entry


def folded(org_id: str, customer_id: str, entries: Sequence[Entry]) -> Account:
    """The account that a whole ledger, first entry to last, adds up to.

    Raises InvariantBroken at the first entry that does not follow from the ones before it.
    """
    account = Account(org_id, customer_id)
    for entry in entries:
        before = account.balances
        balances = Balances(
            available=before.available + entry.points,
            pending=before.pending + entry.pending,
            reserved=before.reserved + entry.reserved,
            debt=before.debt + entry.debt,
        )
        lots = lot_rules.apply(account.lots, entry.lots)
        check_account(balances, lots)
        follows = (entry.seq, entry.prev_hash, entry.balances) == (account.seq + 1, account.head_hash, balances)
        if not follows or entry.hash != entry_hash(entry) or entry.customer_id != customer_id:
            raise InvariantBroken(f"entry {account.seq + 1} is not what was written")
        account = replace(account, seq=entry.seq, head_hash=entry.hash, balances=balances, lots=lots)
    return account


def check_account(balances: Balances, lots: Lots) -> None:
    """Raises InvariantBroken unless nothing is negative and the open lots are exactly available + reserved."""
    figures = (balances.available, balances.pending, balances.reserved, balances.debt)
    if min(figures) < 0:
        raise InvariantBroken(f"a balance would be negative: {balances}")
    if sum(lot.points for lot in lots) != balances.available + balances.reserved:
        raise InvariantBroken("the open lots are not the available and reserved points")
    if sum(lot.reserved for lot in lots) != balances.reserved:
        raise InvariantBroken("the lots' reserved parts are not the reserved points")


def entry_hash(entry: Entry) -> str:
    """SHA-256 over everything an entry says and its predecessor's hash; `entry.hash` itself is left out."""
    memo, balances = entry.memo, entry.balances
    content: dict[str, Any] = {
        "orgId": entry.org_id,
        "customerId": entry.customer_id,
        "seq": entry.seq,
        "kind": entry.kind.value,
        "changes": [entry.points, entry.pending, entry.reserved, entry.debt],
        "balances": [balances.available, balances.pending, balances.reserved, balances.debt],
        "lots": [[part.lot_id, _instant(part.expires_at), part.points, part.reserved] for part in entry.lots],
        "source": [memo.source.type, memo.source.id],
        "key": memo.key,
        "fingerprint": memo.fingerprint,
        "ruleVersion": memo.rule_version,
        "reason": memo.reason,
        "actor": [memo.actor.type, memo.actor.id],
        "occurredAt": _instant(memo.occurred_at),
        "recordedAt": _instant(entry.recorded_at),
        "prevHash": entry.prev_hash,
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _instant(moment: datetime | None) -> str | None:
    # Firestore keeps microseconds and returns UTC, so this text survives a round trip through a document.
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def _require_positive(points: int) -> None:
    if points <= 0:
        raise InvariantBroken("an entry moves a positive number of points")
