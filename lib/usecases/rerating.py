"""Pricing anew what has earned already: orders from a pause when the programme goes on, and history when a shop asks.

History is previewed first: a run that writes nothing and counts who would win, who would lose, and how much. Its result
has a token, and only with that, under the same settings, is it done. What is done already is not done again, so a run
may die anywhere and go on.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from lib.domain import dates
from lib.domain.errors import FailedPrecondition, InvalidInput, NotFound
from lib.domain.follow_ups import RERATING, RESUME, FollowUp, rates_document, rates_of
from lib.domain.ids import fingerprint
from lib.domain.rerating import Repricing, Rerated, reason_of, rerated
from lib.domain.runs import Run, RunState, run_id
from lib.domain.settings import LoyaltySettings
from lib.platform import clock
from lib.store import accruals, due
from lib.store import rerating as store
from lib.store import runs as runs_store
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.rerating import Found
from lib.store.transaction import Transaction

JOB, RESUME_JOB = RERATING, RESUME
"""The names of its runs: over history, and over the orders of a pause."""

# Orders of one customer priced anew by one transaction, far below what a commit may write.
_CHUNK = 200
_DAY = timedelta(days=1)
# What a preview has found is of the moment at which it looked: orders are edited, points are spent and expire.
_PREVIEW_HOLDS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What pricing one customer's orders anew does, or would do: `difference` in points, of which `new_debt` had been
    spent and is owed; the `balance` then; how many `orders` are priced anew, and how many are `left`, by the reason."""

    customer_id: str
    difference: int
    new_debt: int
    balance: int
    orders: int
    left: Mapping[str, int]

    def then(self, later: "Outcome") -> "Outcome":
        """This and what was done afterwards, together."""
        return replace(
            later,
            difference=self.difference + later.difference,
            new_debt=self.new_debt + later.new_debt,
            orders=self.orders + later.orders,
        )

    def counts(self) -> dict[str, int]:
        """As a run adds them up."""
        gained, lost = max(0, self.difference), max(0, -self.difference)
        counts = {
            "ordersRerated": self.orders,
            "customersGaining": int(gained > 0),
            "gainedPoints": gained,
            "customersLosing": int(lost > 0),
            "lostPoints": lost,
            "customersBelowZero": int(self.new_debt > 0),
            "debtPoints": self.new_debt,
            **self.left,
        }
        return {name: count for name, count in counts.items() if count}


def proposal(org_id: str, since: date, until: date | None, *, keeps_multiplier: bool = True, key: str = "") -> FollowUp:
    """A preview of pricing orders anew that were placed from the day `since` on and before the day `until` (None:
    before today), where the shop is, by the rates in force now. Two reads.

    keeps_multiplier: tier and equity count as they did when each order earned; else as they are now. Raises
    InvalidInput for a range without a day, FailedPrecondition (`paused`) while the programme is.
    """
    found = settings_store.current(OrgStore(org_id))
    settings, zone = found.settings, found.settings.time_zone
    if settings.paused:
        raise FailedPrecondition("the programme is paused: resume it first", reason="paused")
    until = until or dates.local_day(clock.now(), zone)
    if since >= until:
        raise InvalidInput("must be after the first day", pointer="/until")
    key = f"preview:{key}"
    params = {
        "key": key,
        "preview": True,
        "at": found.read_at.isoformat(),
        "since": dates.end_of_day(since - _DAY, zone).isoformat(),
        "until": dates.end_of_day(until - _DAY, zone).isoformat(),
        "keepsMultiplier": keeps_multiplier,
        "ruleVersion": settings.rule_version,
        "rates": rates_document(settings),
    }
    return FollowUp(JOB, key, params)


def token(params: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    """What confirms that pricing anew by these parameters, with these consequences, is wanted."""
    asked = {name: params[name] for name in ("since", "until", "keepsMultiplier", "ruleVersion")}
    return fingerprint([asked, {name: count for name, count in counts.items() if count}])[:16]


def token_of(run: Run) -> str | None:
    """What confirms the preview that this run was; None unless it is one and has come to its end."""
    is_preview = run.job == JOB and run.params["preview"] and run.state is RunState.DONE
    return token(run.params, run.totals) if is_preview else None


def confirmed(org_id: str, preview_id: str, given: str) -> FollowUp:
    """The run that does what a preview has found. Three reads.

    Raises NotFound (`unknown_run`), and FailedPrecondition: `preview_not_done` for what is no preview or has not come
    to its end, `wrong_token`, `settings_changed` where other settings are in force than those it looked at,
    `preview_too_old` for one begun more than 24 hours ago. What has been confirmed before is refused for neither of
    these two.
    """
    org = OrgStore(org_id)
    run = runs_store.load(org, preview_id)
    if run is None:
        raise NotFound("no such run", reason="unknown_run")
    wanted = token_of(run)
    if wanted is None:
        raise FailedPrecondition("this is no preview that has come to its end", reason="preview_not_done")
    if given != wanted:
        raise FailedPrecondition("this token is not the preview's", reason="wrong_token")
    key = f"confirmed:{preview_id}"
    if runs_store.load(org, run_id(org_id, JOB, key)) is None:
        # Asked again, it is told how far that is.
        if clock.now() - run.created_at > _PREVIEW_HOLDS:
            raise FailedPrecondition("this preview is more than a day old", reason="preview_too_old")
        _require_unchanged(org, run.params)
    return FollowUp(JOB, key, confirmed_params(run.params, key))


def confirmed_params(params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The parameters that do what a preview by `params` has looked at."""
    return {**params, "key": key, "preview": False}


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The customers that have an account. One read each."""
    return due.opened_ids(org, after, limit)


def visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Mapping[str, int]:
    """Prices the orders of one customer anew, or only counts what that would do; see `Outcome.counts`.

    Billed: one read an order of the range (one for none) and one for the customer; two writes an order that changes and
    one for the customer. Orders that a worker priced anew before it died are not counted again. Raises InvariantBroken
    where a document of ours is damaged.
    """
    if params["preview"]:
        return look(org, params, customer_id).counts()
    return carry_out(org, params, customer_id).counts()


def carry_out(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Outcome:
    """Prices the orders of one customer anew, in several transactions where they are many; see `visit`."""
    outcome = step = _carry_out(org, params, customer_id)
    while step.orders == _CHUNK:
        step = _carry_out(org, params, customer_id)
        outcome = outcome.then(step)
    return outcome


def look(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Outcome:
    """What pricing the orders of one customer anew would do; nothing is written."""
    settings, now = _settings(org, params), clock.now()

    def work(transaction: Transaction) -> Outcome:
        found = _found(transaction, org, params, customer_id, settings, now)
        return _outcome(found, _done(found, params, settings, now)) if found else _nothing(customer_id)

    return transactions.run(work)


def _carry_out(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Outcome:
    """Prices some orders anew, as many as one transaction takes; fewer than `_CHUNK` are the last ones."""
    settings, now = _settings(org, params), clock.now()

    def work(transaction: Transaction) -> Outcome:
        found = _found(transaction, org, params, customer_id, settings, now)
        if found is None:
            return _nothing(customer_id)
        is_last = len(found.orders) < _CHUNK
        found = replace(found, orders=found.orders[:_CHUNK], left=found.left if is_last else Counter())
        done = _done(found, params, settings, now)
        store.write(transaction, org, found.customer, done, settings, now)
        return _outcome(found, done)

    return transactions.run(work)


def resumed_members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The orders that earn nothing because they were placed during a pause. One read each."""
    return accruals.paused_ids(org, after, limit)


def resumed_visit(org: OrgStore, params: Mapping[str, Any], order_id: str) -> Mapping[str, int]:
    """Makes up for one order of the pause that is over, at the rates with which the programme has gone on.

    Nothing for one of an earlier pause, or one that has been made up for. Billed: two reads, and one for an order that
    earns on something else than its total; three writes.
    """
    settings, now = _settings(org, params), clock.now()
    wanted = _repricing(org, params)

    def work(transaction: Transaction) -> Mapping[str, int]:
        accrual = accruals.load(transaction, org, order_id)
        if accrual is None or accrual.customer_id is None:
            return {}
        found = store.find(transaction, org, accrual.customer_id, [accrual], wanted, settings, now)
        if not found.orders:
            return {name: count for name, count in found.left.items() if count}
        done = rerated(found.customer, found.orders, wanted, settings, now, found.expired)
        store.write(transaction, org, found.customer, done, settings, now)
        return {"ordersMadeUpFor": 1, "points": sum(order.points for order in found.orders)}

    return transactions.run(work)


def _found(
    transaction: Transaction,
    org: OrgStore,
    params: Mapping[str, Any],
    customer_id: str,
    settings: LoyaltySettings,
    now: datetime,
) -> Found | None:
    since, until = (datetime.fromisoformat(params[name]) for name in ("since", "until"))
    records = accruals.in_range(transaction, org, customer_id, since, until, accruals.OF_CUSTOMER_MAX)
    if not records:
        return None
    return store.find(transaction, org, customer_id, records, _repricing(org, params), settings, now)


def _done(found: Found, params: Mapping[str, Any], settings: LoyaltySettings, now: datetime) -> Rerated:
    wanted = _repricing(OrgStore(found.customer.org_id), params)
    return rerated(found.customer, found.orders, wanted, settings, now, found.expired)


def _outcome(found: Found, done: Rerated) -> Outcome:
    return Outcome(found.customer.id, done.difference, done.new_debt, done.balance, len(found.orders), dict(found.left))


def _nothing(customer_id: str) -> Outcome:
    return Outcome(customer_id, 0, 0, 0, 0, {})


def _settings(org: OrgStore, params: Mapping[str, Any]) -> LoyaltySettings:
    """The settings in force, by which debts, expiry and standing go; not older than what caused the run."""
    return settings_store.load(org, not_before=datetime.fromisoformat(params["at"]))


def _repricing(org: OrgStore, params: Mapping[str, Any]) -> Repricing:
    rates = rates_of(params["rates"])
    if params.get("resumedAt") is None:
        return Repricing(
            run_id(org.org_id, JOB, params["key"]),
            rates,
            params["ruleVersion"],
            reason_of(rates.points_per_dollar),
            keeps_multiplier=params["keepsMultiplier"],
        )
    began_at, ended_at = (
        datetime.fromisoformat(params[name]) if params[name] else None for name in ("pausedAt", "resumedAt")
    )
    return Repricing(
        run_id(org.org_id, RESUME_JOB, params["key"]),
        rates.model_copy(update={"paused_at": began_at, "resumed_at": ended_at}),
        params["ruleVersion"],
        "placed while the programme was paused",
        is_resume=True,
    )


def _require_unchanged(org: OrgStore, params: Mapping[str, Any]) -> None:
    if settings_store.current(org).settings.rule_version != params["ruleVersion"]:
        raise FailedPrecondition("the settings have changed since the preview", reason="settings_changed")
