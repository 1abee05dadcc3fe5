"""Taking over a shop that has customers, orders and points already: a preview, the decision, and one visit a member.

A member is a customer document or an order; customers come first, because most orders are found with them. Nothing is
merged, moved or deleted, and of others' documents nothing is written but what recording an order writes.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from lib.domain.answers import Answer
from lib.domain.errors import FailedPrecondition, InvalidInput, Unavailable
from lib.domain.ledger import Actor
from lib.domain.takeover import ACTOR, BalanceChange, BalanceRule, Takeover
from lib.platform import clock
from lib.store import settings as settings_store
from lib.store import takeover as store
from lib.store import taking_over
from lib.store.org import OrgStore
from lib.store.taking_over import Visit, Work
from lib.store.transaction import Transaction

JOB = "migration"
"""The name of its runs."""
STEPS = ("customers", "orders")
"""What is visited one after the other."""

_CUSTOMER, _ORDER = "customer:", "order:"
_VISITS: Mapping[str, Callable[[Transaction, Work, str], Visit]] = {
    _CUSTOMER: taking_over.customer,
    _ORDER: taking_over.order,
}


def begin(org_id: str, rule: BalanceRule, actor: Actor = ACTOR) -> Takeover:
    """Decides that the shop is taken over as of now, and by which rule; one write, none when that has been decided.

    From then on an event of an order that earned before finds it taken in, or takes it in itself, so runs and events
    end in the same state. Raises FailedPrecondition: `balances_decided` for another rule than the one decided on,
    `nothing_to_take_over` for an org without customers and orders, which is most likely a misspelt one, `paused` while
    the programme is, because orders would be recorded as earning nothing.
    """
    org = OrgStore(org_id)
    _require_running(org)
    if store.decision(org) is None and not members(org, {}, None, 1):
        raise FailedPrecondition("this org has neither customers nor orders", reason="nothing_to_take_over")
    return store.begin(org, rule, actor)


def preview(org_id: str, rule: BalanceRule | None = None) -> Takeover:
    """What a preview looks at: the shop as of when it was taken over, else as of now; without a rule, the one decided
    on or the one that keeps balances. Two reads.

    Raises FailedPrecondition (`balances_decided`) when another rule has been decided on, and while `paused`.
    """
    org = OrgStore(org_id)
    _require_running(org)
    decided = store.decision(org) or Takeover(store.server_time(org), rule or BalanceRule.KEEP)
    if rule and decided.balances is not rule:
        raise FailedPrecondition(f"balances {decided.balances} has been decided on", reason="balances_decided")
    return decided


def look(org: OrgStore, decided: Takeover, member_id: str) -> Visit:
    """What taking over this member would do. Billed: the reads of doing it, and no write."""
    return _visit(org, decided, member_id, dry=True)


def preview_page(org_id: str, rule: BalanceRule, after: str | None, limit: int) -> Answer:
    """What taking over the next members would do: `counts` that add up over all pages, `changes` of balances, `skipped`
    and `duplicates` by customer, `nextCursor` (null at the end).

    Raises as `preview` does. Billed: the reads of doing it, and no write.
    """
    org, decided = OrgStore(org_id), preview(org_id, rule)
    page = members(org, {}, after, limit)
    tally: Counter[str] = Counter()
    changes, skipped, duplicates = [], [], []
    for member in page:
        seen = look(org, decided, member)
        tally.update(taking_over.figures(seen))
        if change := taking_over.balance_change(seen):
            changes.append(_told(change))
        if seen.skipped:
            skipped.append({"customerId": seen.customer_id, "reason": seen.skipped.value})
        if seen.leads_to:
            duplicates.append({"customerId": seen.customer_id, "leadsTo": seen.leads_to})
    return {
        "counts": dict(tally),
        "changes": changes,
        "skipped": skipped,
        "duplicates": duplicates,
        "nextCursor": page[-1] if len(page) == limit else None,
    }


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The next members after this one, ascending: customers, then orders without a record; fewer than `limit` only at
    the end. `params` may name one `step`, "customers" or "orders". Billed: about a read a customer and two an order.

    The steps are to follow each other: an order is recognised by what its customer's visit has linked.
    """
    found: list[str] = []
    step = params.get("step")
    if step != "orders" and (after is None or after.startswith(_CUSTOMER)):
        last = after.removeprefix(_CUSTOMER) if after else None
        found = [_CUSTOMER + each for each in store.customer_ids(org, last, limit)]
        after = None
    if step != "customers" and len(found) < limit:
        last = after.removeprefix(_ORDER) if after else None
        found += [_ORDER + each for each in store.order_ids(org, last, limit - len(found))]
    return found


def order_of(member_id: str) -> str | None:
    """The order that a member is, None for a customer."""
    return member_id.removeprefix(_ORDER) if member_id.startswith(_ORDER) else None


def visit(org: OrgStore, params: Mapping[str, Any], member_id: str) -> Mapping[str, int]:
    """Takes over one member; repeating it does nothing. The counts are those of `taking_over.figures`; what a worker
    counted that died before it could say so is missing from a run's totals.

    Raises FailedPrecondition before `begin` (`not_begun`), Unavailable while the programme is `paused` or others keep
    changing the same documents, InvariantBroken where a document of ours is damaged.
    """
    decided = store.decision(org)
    if decided is None:
        raise FailedPrecondition("nobody has decided to take this shop over", reason="not_begun")
    tally: Counter[str] = Counter()
    for done in take_over(org, decided, member_id):
        tally.update(taking_over.figures(done))
    return dict(tally)


def take_over(org: OrgStore, decided: Takeover, member_id: str) -> list[Visit]:
    """Takes over one member, in several visits where its orders are more than one transaction takes.

    Raises as `visit` does.
    """
    visits = [_visit(org, decided, member_id, dry=False)]
    while visits[-1].more:
        visits.append(_visit(org, decided, member_id, dry=False))
    return visits


def counts(org_id: str) -> dict[str, int]:
    """How many customer and order documents the database holds, whosever they are. A read a thousand."""
    return store.counts(OrgStore(org_id))


def _told(change: BalanceChange) -> Answer:
    return {
        "customerId": change.customer_id,
        "before": change.before,
        "after": change.after,
        "compensated": change.compensated,
        "orders": change.orders,
        "why": change.why.value,
    }


def _visit(org: OrgStore, decided: Takeover, member_id: str, *, dry: bool) -> Visit:
    kind = next((kind for kind in _VISITS if member_id.startswith(kind)), None)
    if kind is None:
        raise InvalidInput("is no member of a migration", reason="member")
    settings = settings_store.load(org)
    if settings.paused:
        # Whoever paused it meanwhile will resume it: nobody must be left out because of that.
        raise Unavailable("the programme is paused: resume it first", reason="paused")
    work = Work(org, decided, settings, clock.now(), dry)
    name = member_id.removeprefix(kind)
    return taking_over.carry_out(lambda transaction: _VISITS[kind](transaction, work, name))


def _require_running(org: OrgStore) -> None:
    settings_store.forget(org)
    if settings_store.load(org).paused:
        raise FailedPrecondition("the programme is paused: resume it first", reason="paused")
