"""The vocabulary of the audit: a stored document, an invariant, and a violation of one by the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

Fields: TypeAlias = "Mapping[str, Any]"
Fact: TypeAlias = "tuple[str, object, object]"  # what, as it must be, as it is stored


class Invariant(StrEnum):
    """Every invariant by its id in docs/INVARIANTS.md, which states each one exactly."""

    SHAPE = "D1"
    LEDGER_NUMBERED = "L1"
    LEDGER_CHAINED = "L2"
    LEDGER_SEALED = "L3"
    LEDGER_SUMMED = "L4"
    LEDGER_SOLVENT = "L5"
    LEDGER_LOTS = "L6"
    LEDGER_ACCOUNT = "L7"
    LEDGER_KEYS = "L8"
    LEDGER_KINDS = "L9"
    LEDGER_EATING = "L10"
    LEDGER_OWNER = "L11"
    LEDGER_PARCELS = "L12"
    LEDGER_TIMELY = "L13"
    LEDGER_EXPIRED = "L14"
    ACCRUAL_POINTS = "A1"
    ACCRUAL_KNOWN = "A2"
    ACCRUAL_PRICED = "A3"
    ACCRUAL_LOTS = "A4"
    ACCRUAL_ORDER = "A5"
    ACCRUAL_DUE = "A6"
    ACCRUAL_VERSION = "A7"
    ACCRUAL_PENDING = "A8"
    ACCRUAL_ORPHANED = "A9"
    ACCRUAL_TAKEN_OVER = "A10"
    CUSTOMER_SPEND = "C1"
    CUSTOMER_POINTS = "C2"
    CUSTOMER_FIGURES = "C3"
    CUSTOMER_TIER = "C4"
    CUSTOMER_SEGMENT = "C5"
    CUSTOMER_DUE = "C6"
    CUSTOMER_SPENDING = "C7"
    CUSTOMER_OPENING = "C8"
    CUSTOMER_DUE_AT = "C9"
    CUSTOMER_AGED = "C10"
    CUSTOMER_MONTHS = "C11"
    CUSTOMER_TIER_DUE = "C12"
    NOTICE_SAYS = "N1"
    NOTICE_NAMED = "N2"
    NOTICE_WARNED = "N3"
    OCCASION_ONCE = "O1"
    IDENTITY_LEADS = "I1"
    IDENTITY_LISTED = "I2"
    IDENTITY_KIND = "I3"
    CONSENT_SUMS = "G1"
    CONSENT_OWN = "G2"
    MENU_PUBLIC = "S1"
    MENU_CURRENT = "S2"
    REDEMPTION_STATE = "R1"
    REDEMPTION_FIGURES = "R2"
    REDEMPTION_RESERVED = "R3"
    REDEMPTION_ONE_HOLD = "R4"
    REDEMPTION_VALUE = "R5"
    REDEMPTION_RETURNED = "R6"
    REDEMPTION_KNOWN = "R7"
    RECEIPT_RESULT = "K1"
    ALPINE_FIGURES = "Q1"
    ALPINE_CONTACT = "Q2"
    DISCREPANCY_OPEN = "Q3"
    DISCREPANCY_SAYS = "Q4"
    MESSAGE_ONCE = "M1"
    MESSAGE_STATE = "M2"
    MESSAGE_CONSENTED = "M3"
    MESSAGE_CHOSEN = "M4"
    CLAIM_ONCE = "V1"
    CLAIM_CONVERTED = "V2"
    CLAIM_TRUE = "V3"
    RUN_MEMBERS = "F1"
    SHARD_PROGRESS = "F2"
    SHARD_STATE = "F3"
    RUN_TOTALS = "F4"
    RUN_STATE = "F5"
    RUN_EXPIRY = "F6"
    OWNER_KNOWN = "T1"
    OWNER_NAMED = "T2"


@dataclass(frozen=True, slots=True)
class Document:
    """One stored document: its path below the database root, its fields as the client returns them (times are aware
    datetimes in UTC), and when it was last written, where the reader knows."""

    path: str
    fields: Fields = field(hash=False)
    updated_at: datetime | None = None

    @property
    def id(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold at `path`. `expected` and `found` are for people; they hold no personal data."""

    invariant: Invariant
    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.path}: expected {self.expected}, found {self.found}"


def differing(invariant: Invariant, path: str, facts: Iterable[Fact]) -> Iterator[Violation]:
    """One violation for each fact whose stored value is not the one it must have."""
    for name, wanted, found in facts:
        if wanted != found:
            yield Violation(invariant, path, f"{name} {wanted}", f"{found}")
