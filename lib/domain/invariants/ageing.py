"""Checks that what time alone does to customers is foreseen by their due dates, and done when they have come."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from lib.domain.invariants.programme import Programme
from lib.domain.invariants.violations import Document, Fields, Invariant, Violation, differing
from lib.domain.settings_model import LoyaltySettings

# The job that ages customers is hourly; half a day leaves room for an outage before it is an alarm.
LATE = timedelta(hours=12)

_REPRIEVE = timedelta(days=30)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_DUES = ("dueSegmentAt", "duePointsAt", "dueTierAt")


def check_due_at(customer: Document) -> Iterator[Violation]:
    """`dueAt` is what the job queries: the earliest of the others."""
    fields = customer.fields
    earliest = min((fields[name] for name in _DUES if fields.get(name)), default=None)
    yield from differing(Invariant.CUSTOMER_DUE_AT, customer.path, [("dueAt", earliest, fields.get("dueAt"))])


def check_points_due(customer: Document, versions: Sequence[LoyaltySettings]) -> Iterator[Violation]:
    """`duePointsAt` under one of the settings that may have been in force when the standing was worked out."""
    possible = [_points_due(customer.fields, settings) for settings in versions]
    found = customer.fields["duePointsAt"]
    if found not in possible:
        wanted = f"duePointsAt {' or '.join(map(str, possible))}"
        yield Violation(Invariant.CUSTOMER_DUE, customer.path, wanted, str(found))


def check_tier_due(customer: Document, versions: Sequence[LoyaltySettings]) -> Iterator[Violation]:
    """`dueTierAt` is there only where a tier can lapse, and no notice or lapse comes before an idle customer's time."""
    found = customer.fields.get("dueTierAt")
    ranges = [_tier_due_from(customer.fields, settings) for settings in versions]
    if not any(found is None if since is None else found is not None and found >= since for since in ranges):
        wanted = " or ".join("no dueTierAt" if since is None else f"dueTierAt not before {since}" for since in ranges)
        yield Violation(Invariant.CUSTOMER_TIER_DUE, customer.path, wanted, str(found))


def check_aged(customer: Document, programme: Programme, at: datetime) -> Iterator[Violation]:
    """Nothing that was due long before `at` is still to be done, and nothing that has expired can be spent.

    While the programme is paused nothing expires, nor in the thirty days after; its customers are aged all the same.
    """
    fields, long_ago = customer.fields, at - LATE
    due_at = fields.get("dueAt")
    if due_at and due_at < long_ago:
        yield Violation(Invariant.CUSTOMER_AGED, customer.path, f"nothing due before {long_ago}", f"dueAt {due_at}")
    kept_until = _kept_until(programme.settings)
    stale = [lot for lot in _free(fields) if lot["expiresAt"] and max(lot["expiresAt"], kept_until) < long_ago]
    since = programme.changed_at
    if stale and not _is_paused(programme.settings) and (since is None or since < long_ago):
        found = ", ".join(f"lot {lot['id']} of {lot['expiresAt']}" for lot in stale)
        yield Violation(Invariant.CUSTOMER_AGED, customer.path, "no points left that have expired", found)


def _points_due(fields: Fields, settings: LoyaltySettings) -> datetime | None:
    """The next release; where the programme runs, also the next expiry of free points and the next warning of one."""
    account = fields["loyalty"]
    dues = [parcel["releaseAt"] for parcel in account.get("parcels") or ()]
    if not _is_paused(settings):
        kept_until = _kept_until(settings)
        dues += [max(lot["expiresAt"], kept_until) for lot in _free(fields) if lot["expiresAt"]]
        if settings.expiry_warning_days:
            notice = timedelta(days=settings.expiry_warning_days)
            expiries = (max(expiry, kept_until) for expiry in _expiries(account))
            dues += [expiry - notice for expiry in expiries if _is_to_be_told(expiry, fields)]
    return min(dues, default=None)


def _is_paused(settings: LoyaltySettings) -> bool:
    """Whether nothing expires: paused, or gone on without a date of it yet."""
    paused_at, resumed_at = settings.paused_at, settings.resumed_at
    return settings.paused or (paused_at is not None and (resumed_at is None or resumed_at < paused_at))


def _kept_until(settings: LoyaltySettings) -> datetime:
    """Nothing expires before this instant: thirty days after the programme last went on."""
    return settings.resumed_at + _REPRIEVE if settings.resumed_at else _LONG_AGO


def _tier_due_from(fields: Fields, settings: LoyaltySettings) -> datetime | None:
    """The earliest that there can be to do or to tell anything about the tier; None where nothing can lapse."""
    policy, account = settings.tier_policy, fields["loyalty"]
    can_lapse = policy.window_months is not None or policy.inactivity_days is not None
    if _is_paused(settings) or not can_lapse or settings.tiers[0].name.lower() == fields["tier"]:
        return None
    idle_since = [at for at in (account["lastOrderAt"], account.get("tierLapsedAt")) if at]
    if policy.window_months is not None or policy.inactivity_days is None or not idle_since:
        # A window can be missed from any month's start, and a customer without a date has none to count from.
        return None if fields.get("dueTierAt") is None else fields["pointsLastCalculated"]
    last: datetime = max(idle_since)
    return last + timedelta(days=policy.inactivity_days + policy.grace_days - policy.notice_days)


def _is_to_be_told(expiry: datetime, fields: Fields) -> bool:
    told_to = fields["loyalty"].get("expiryWarnedTo")
    return expiry > fields["pointsLastCalculated"] and (told_to is None or expiry > told_to)


def _expiries(account: Fields) -> set[datetime]:
    return {lot["expiresAt"] for lot in account["lots"] if lot["expiresAt"]}


def _free(fields: Fields) -> list[Fields]:
    return [lot for lot in fields["loyalty"]["lots"] if lot["points"] > lot["reserved"]]
