"""Reads a customer's ledger from first entry to last and checks it against itself and the customer's account."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from lib.domain.invariants.entries import (
    CHANGES,
    ENTRY_SHAPE,
    FIGURES,
    GENESIS_HASH,
    collects_debt,
    content_hash,
    is_timely,
    may_move,
)
from lib.domain.invariants.expiries import ExpiryReplay
from lib.domain.invariants.lots import LotReplay
from lib.domain.invariants.parcels import ParcelReplay, parcels_of
from lib.domain.invariants.shapes import misshapen
from lib.domain.invariants.violations import Document, Fields, Invariant, Violation

Figures: TypeAlias = "tuple[int, ...]"  # available, pending, reserved, debt


@dataclass(slots=True)
class LedgerReader:
    """One customer's ledger as far as it has been read. Feed entries by ascending number to `read`, then `close`.

    After a violation the reader takes the stored figures as given and goes on, so that one broken entry is reported
    once and not again at every later one. `by_source` collects the entries of each (source type, source id) for the
    checks that compare them with accruals and redemptions.
    """

    org_id: str
    customer_id: str
    seq: int = 0
    head_hash: str = GENESIS_HASH
    figures: Figures = (0, 0, 0, 0)
    by_source: defaultdict[tuple[str, str], list[Document]] = field(default_factory=lambda: defaultdict(list))
    _lots: LotReplay | None = field(default_factory=LotReplay)
    _parcels: ParcelReplay | None = field(default_factory=ParcelReplay)
    _expiries: ExpiryReplay | None = field(default_factory=ExpiryReplay)
    _keys: set[str] = field(default_factory=set)
    _last_path: str = ""
    _gap: bool = False
    _came_back: bool = False

    @property
    def reserved(self) -> int:
        """Points set aside after the last entry read."""
        return self.figures[2]

    def read(self, entry: Document) -> Iterator[Violation]:
        """Checks the next entry against all before it."""
        malformed = misshapen(entry, ENTRY_SHAPE)
        yield from malformed
        if malformed:
            self._skip(self.seq + 1)
            return
        yield from self._check_place(entry)
        yield from self._check_alone(entry)
        yield from self._check_figures(entry)
        yield from self._check_lots(entry)
        yield from self._check_parcels(entry)
        yield from self._check_expiries(entry)
        self._gap, self._last_path, self._came_back = False, entry.path, entry.fields["kind"] == "unexpire"
        source = entry.fields["source"]
        self.by_source[source["type"], source["id"]].append(entry)

    def close(self, customer: Document) -> Iterator[Violation]:
        """Checks the customer's account (the map `loyalty`, already of its declared shape) against the whole ledger."""
        account: Fields = customer.fields["loyalty"]
        if self._owes_what_it_has():
            yield self._insolvent()
        for wanted, found in self._expiries.close() if self._expiries else ():
            yield Violation(Invariant.LEDGER_EXPIRED, self._last_path, wanted, found)
        if account["seq"] != self.seq:
            wanted = f"loyalty.seq {self.seq}, the last entry"
            yield Violation(Invariant.LEDGER_NUMBERED, customer.path, wanted, str(account["seq"]))
        elif not self._gap:
            yield from self._check_account(customer.path, account)

    def _check_account(self, path: str, account: Fields) -> Iterator[Violation]:
        if account["headHash"] != self.head_hash:
            yield Violation(Invariant.LEDGER_CHAINED, path, f"loyalty.headHash {self.head_hash}", account["headHash"])
        stored = _figures(account["balances"])
        if stored != self.figures:
            yield Violation(Invariant.LEDGER_ACCOUNT, path, f"loyalty.balances {self.figures}", f"{stored}")
        if self._lots is not None:
            lots = {lot["id"]: (lot["expiresAt"], lot["points"], lot["reserved"]) for lot in account["lots"]}
            if lots != self._lots.open() or len(lots) != len(account["lots"]):
                yield Violation(Invariant.LEDGER_ACCOUNT, path, f"loyalty.lots {self._lots.open()}", f"{lots}")
        if self._parcels is not None and parcels_of(account) != self._parcels.open():
            wanted = f"loyalty.parcels {self._parcels.open()}"
            yield Violation(Invariant.LEDGER_ACCOUNT, path, wanted, f"{parcels_of(account)}")

    def _check_place(self, entry: Document) -> Iterator[Violation]:
        seq = entry.fields["seq"]
        if seq != self.seq + 1:
            missing = self._path(self.seq + 1) if seq > self.seq + 1 else entry.path
            yield Violation(Invariant.LEDGER_NUMBERED, missing, f"entry {self.seq + 1}", f"entry {seq} comes next")
            self._skip(seq - 1)
        elif entry.path != self._path(seq):
            yield Violation(Invariant.LEDGER_NUMBERED, entry.path, f"document {self._path(seq)}", "another path")
        previous = entry.fields["prevHash"]
        if not self._gap and previous != self.head_hash:
            yield Violation(Invariant.LEDGER_CHAINED, entry.path, f"prevHash {self.head_hash}", previous)
        self.seq, self.head_hash = seq, entry.fields["hash"]

    def _check_alone(self, entry: Document) -> Iterator[Violation]:
        fields = entry.fields
        sealed = content_hash(fields)
        if fields["hash"] != sealed:
            yield Violation(Invariant.LEDGER_SEALED, entry.path, f"hash {sealed}", fields["hash"])
        owner = (fields["orgId"], fields["customerId"])
        if owner != (self.org_id, self.customer_id):
            yield Violation(Invariant.LEDGER_OWNER, entry.path, f"{(self.org_id, self.customer_id)}", f"{owner}")
        if fields["key"] in self._keys:
            yield Violation(Invariant.LEDGER_KEYS, entry.path, "a key that no earlier entry has", "a repeated key")
        self._keys.add(fields["key"])
        if not may_move(fields):
            moved = ", ".join(f"{name} {fields[name]}" for name in CHANGES)
            yield Violation(Invariant.LEDGER_KINDS, entry.path, f"what the kind {fields['kind']} may move", moved)
        if not is_timely(fields):
            wanted = f"nothing of the kind {fields['kind']} before its time"
            yield Violation(Invariant.LEDGER_TIMELY, entry.path, wanted, f"written at {fields['recordedAt']}")

    def _check_figures(self, entry: Document) -> Iterator[Violation]:
        fields = entry.fields
        # What has come back of an expiry is an order's to take and pays nothing.
        if self._owes_what_it_has() and not collects_debt(fields) and not self._came_back:
            yield self._insolvent()
        stored = _figures(fields["balances"])
        summed = tuple(before + fields[name] for before, name in zip(self.figures, CHANGES, strict=True))
        if not self._gap and stored != summed:
            yield Violation(Invariant.LEDGER_SUMMED, entry.path, f"balances {summed}", f"{stored}")
        if min(stored) < 0:
            yield Violation(Invariant.LEDGER_SOLVENT, entry.path, "no balance below 0", f"{stored}")
        self.figures = stored

    def _check_lots(self, entry: Document) -> Iterator[Violation]:
        if self._lots is None:
            return
        broken = [
            Violation(Invariant.LEDGER_LOTS, entry.path, wanted, found)
            for wanted, found in self._lots.apply(entry.fields)
        ]
        yield from broken
        if not broken and not self._lots.ate_in_order(entry.fields):
            yield Violation(Invariant.LEDGER_EATING, entry.path, "earliest expiry first", "an earlier lot left free")
        if broken:
            self._lots = None

    def _check_parcels(self, entry: Document) -> Iterator[Violation]:
        if self._parcels is None:
            return
        broken = [
            Violation(Invariant.LEDGER_PARCELS, entry.path, wanted, found)
            for wanted, found in self._parcels.apply(entry.fields)
        ]
        yield from broken
        if broken:
            self._parcels = None

    def _check_expiries(self, entry: Document) -> Iterator[Violation]:
        if self._expiries is None:
            return
        broken = [
            Violation(Invariant.LEDGER_EXPIRED, entry.path, wanted, found)
            for wanted, found in self._expiries.apply(entry.fields)
        ]
        yield from broken
        if broken:
            self._expiries = None

    def _path(self, seq: int) -> str:
        return f"customers/{self.customer_id}/ledger/{seq:010d}"

    def _skip(self, seq: int) -> None:
        # Entries up to `seq` cannot be known: what follows has nothing to be compared with.
        self.seq, self._gap, self._lots, self._parcels, self._expiries = seq, True, None, None, None

    def _owes_what_it_has(self) -> bool:
        return bool(self.figures[0] and self.figures[3])

    def _insolvent(self) -> Violation:
        return Violation(
            Invariant.LEDGER_SOLVENT, self._last_path, "debt paid before points stay available", f"{self.figures}"
        )


def _figures(balances: Fields) -> Figures:
    return tuple(balances[name] for name in FIGURES)
