"""The points ledger of one customer: append-only entries, four balances, lots and parcels, a hash chain over all of it.

`Account` is the state after the last entry; `Journal` is the only way to change it, one entry at a time. Corrections
are new entries. Points are integers. Times are UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lib.domain import lots as lot_rules
from lib.domain import pending as pending_rules
from lib.domain.entries import (
    CLOCK,
    GENESIS_HASH,
    Actor,
    Balances,
    Entry,
    EntryKind,
    Memo,
    Source,
    entry_hash,
)
from lib.domain.errors import InvariantBroken
from lib.domain.ids import fingerprint
from lib.domain.lots import LotChange, Lots
from lib.domain.pending import Parcel, ParcelChange, Parcels

__all__ = [
    "CLOCK",
    "GENESIS_HASH",
    "Account",
    "Actor",
    "Balances",
    "Entry",
    "EntryKind",
    "Journal",
    "Memo",
    "Source",
    "check_account",
    "entry_hash",
    "folded",
]


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's ledger after its last entry: `seq` entries so far, the last one's hash, balances, what is in lots
    (available and reserved) and in parcels (pending)."""

    org_id: str
    customer_id: str
    seq: int = 0
    head_hash: str = GENESIS_HASH
    balances: Balances = field(default_factory=Balances)
    lots: Lots = ()
    parcels: Parcels = ()


class Journal:
    """Appends entries to one account. After every method its invariants hold, or InvariantBroken is raised.

    expired_to: what expires at or before this instant does not stay available; None where nothing expires now. Points
    that come back to an expired lot, from a hold or a reward, pay a debt first and then expire at once.
    """

    def __init__(self, account: Account, recorded_at: datetime, expired_to: datetime | None = None) -> None:
        self.account = account
        self.entries: list[Entry] = []
        self._recorded_at = recorded_at
        self._expired_to = expired_to

    def credit(self, kind: EntryKind, points: int, expires_at: datetime | None, memo: Memo) -> Entry:
        """Points in; a debt is paid from them at once, by an entry of its own. Returns the credit's entry."""
        _require_positive(points)
        change = lot_rules.joining(self.account.lots, points, expires_at, str(self.account.seq + 1))
        entry = self._append(kind, memo, [change], points=points)
        self._settle(memo)
        return entry

    def credit_later(
        self, kind: EntryKind, points: int, release_at: datetime, expires_at: datetime | None, memo: Memo
    ) -> Entry:
        """Points in that cannot be spent before `release_at`; until then they pay no debt either."""
        _require_positive(points)
        new_id = str(self.account.seq + 1)
        change = pending_rules.joining(self.account.parcels, points, release_at, expires_at, new_id)
        return self._append(kind, memo, [], [change], pending=points)

    def debit(self, kind: EntryKind, points: int, memo: Memo) -> Entry:
        """Points out of available, earliest expiry first. The caller has checked that they suffice."""
        _require_positive(points)
        return self._append(kind, memo, lot_rules.eating(self.account.lots, points), points=-points)

    def claw_back(
        self,
        points: int,
        memo: Memo,
        *,
        own_pending: Mapping[str, int] | None = None,
        own_expiries: Collection[datetime | None] = (),
        undone: Sequence[LotChange] = (),
    ) -> Entry:
        """Takes back what a refunded order granted: what is still pending of its own (points by parcel), then what is
        available, its own expiry first. What is already spent becomes debt.

        `undone`: points of its own expiry that have expired, as changes that give them back to their lots. They come
        back only to be taken: in between nothing is paid from them, and nothing expires.
        """
        _require_positive(points)
        parcels = pending_rules.taking(self.account.parcels, points, own_pending or {})
        waiting = -sum(part.points for part in parcels)
        if sum(part.points for part in undone) > points - waiting:
            raise InvariantBroken("more points would come back than are taken back")
        for part in undone:
            self._undo_expiry(part, memo)
        taken = min(points - waiting, self.account.balances.available)
        changes = lot_rules.eating(self.account.lots, taken, first=own_expiries)
        debt = points - waiting - taken
        return self._append(EntryKind.CLAWBACK, memo, changes, parcels, points=-taken, pending=-waiting, debt=debt)

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
        self._settle(memo)
        return entry

    def void(self, allocation: Sequence[LotChange], memo: Memo) -> Entry:
        """Gives a whole hold back to available."""
        changes = [replace(part, reserved=-part.reserved) for part in allocation]
        points = sum(part.reserved for part in allocation)
        entry = self._append(EntryKind.VOID, memo, changes, points=points, reserved=-points)
        self._settle(memo)
        return entry

    def reinstate(self, spent: Sequence[LotChange], memo: Memo) -> Entry:
        """Puts spent points back on the lots they came from, with their old expiry; closed lots reopen.

        `spent` are the lot changes with the points to give back as positive numbers.
        """
        points = sum(part.points for part in spent)
        _require_positive(points)
        entry = self._append(EntryKind.REINSTATE, memo, list(spent), points=points)
        self._settle(memo)
        return entry

    def age(self, rule_version: str) -> None:
        """What time alone has done by now: releases the parcels that are due, in their order, then expires the lots
        that are. Doing it again appends nothing."""
        for parcel in pending_rules.due(self.account.parcels, self._recorded_at):
            self._release(parcel, rule_version)
        self._expire(rule_version)

    def _release(self, parcel: Parcel, rule_version: str) -> None:
        points = parcel.points
        change = lot_rules.joining(self.account.lots, points, parcel.expires_at, str(self.account.seq + 1))
        whole = ParcelChange(parcel.id, parcel.release_at, parcel.expires_at, -points)
        # A parcel is released whole and its id, an entry's number, is never given again.
        key = f"parcel:{parcel.id}:release"
        memo = _memo_of_time(Source("parcel", parcel.id), key, "can be spent now", parcel.release_at, rule_version)
        self._append(EntryKind.RELEASE, memo, [change], [whole], points=points, pending=-points)
        self._settle(memo)

    def _settle(self, memo: Memo) -> None:
        """What follows when points become available: a debt is paid, and of the rest what has expired goes."""
        owed = min(self.account.balances.debt, self.account.balances.available)
        if owed:
            changes = lot_rules.eating(self.account.lots, owed)
            debt_memo = replace(memo, key=f"{memo.key}:debt", reason="debt collected")
            self._append(EntryKind.CLAWBACK, debt_memo, changes, points=-owed, debt=-owed)
        self._expire(memo.rule_version)

    def _expire(self, rule_version: str) -> None:
        for lot in lot_rules.expired(self.account.lots, self._expired_to):
            # A lot can expire again when a hold has kept a part of it; after one and the same entry it cannot.
            key = f"lot:{lot.id}:expire:{self.account.seq}"
            at = lot.expires_at or self._recorded_at
            memo = _memo_of_time(Source("lot", lot.id), key, f"valid until {at:%Y-%m-%d}", at, rule_version)
            change = LotChange(lot.id, lot.expires_at, points=-lot.free)
            self._append(EntryKind.EXPIRE, memo, [change], points=-lot.free)

    def _undo_expiry(self, part: LotChange, order: Memo) -> None:
        if part.expires_at is None:
            raise InvariantBroken("points that never expire have not expired")
        memo = replace(
            order,
            source=Source("lot", part.lot_id),
            key=f"{order.key}:lot:{part.lot_id}:unexpire",
            reason=f"only to be taken back with order {order.source.id}",
            occurred_at=part.expires_at,
        )
        self._append(EntryKind.UNEXPIRE, memo, [part], points=part.points)

    def _append(
        self,
        kind: EntryKind,
        memo: Memo,
        changes: Sequence[LotChange],
        moved: Sequence[ParcelChange] = (),
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
        lots, parcels = lot_rules.apply(before.lots, changes), pending_rules.apply(before.parcels, moved)
        check_account(balances, lots, parcels)
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
            parcels=tuple(moved),
            memo=memo,
            recorded_at=self._recorded_at,
            prev_hash=before.head_hash,
            hash="",
        )
        entry = replace(unsealed, hash=entry_hash(unsealed))
        self.account = replace(
            before, seq=entry.seq, head_hash=entry.hash, balances=balances, lots=lots, parcels=parcels
        )
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
        parcels = pending_rules.apply(account.parcels, entry.parcels)
        check_account(balances, lots, parcels)
        follows = (entry.seq, entry.prev_hash, entry.balances) == (account.seq + 1, account.head_hash, balances)
        if not follows or entry.hash != entry_hash(entry) or entry.customer_id != customer_id:
            raise InvariantBroken(f"entry {account.seq + 1} is not what was written")
        account = Account(org_id, customer_id, entry.seq, entry.hash, balances, lots, parcels)
    return account


def check_account(balances: Balances, lots: Lots, parcels: Parcels = ()) -> None:
    """Raises InvariantBroken unless nothing is negative, the open lots are exactly available + reserved, and the
    parcels exactly what is pending."""
    figures = (balances.available, balances.pending, balances.reserved, balances.debt)
    if min(figures) < 0:
        raise InvariantBroken(f"a balance would be negative: {balances}")
    if sum(lot.points for lot in lots) != balances.available + balances.reserved:
        raise InvariantBroken("the open lots are not the available and reserved points")
    if sum(lot.reserved for lot in lots) != balances.reserved:
        raise InvariantBroken("the lots' reserved parts are not the reserved points")
    if sum(parcel.points for parcel in parcels) != balances.pending:
        raise InvariantBroken("the parcels are not the pending points")


def _memo_of_time(source: Source, key: str, reason: str, at: datetime, rule_version: str) -> Memo:
    return Memo(source, key, fingerprint([key, reason]), rule_version, reason, CLOCK, at)


def _require_positive(points: int) -> None:
    if points <= 0:
        raise InvariantBroken("an entry moves a positive number of points")
