"""Redeeming points at checkout: one transaction a call, and one effect for each idempotency key.

Billed, with settings cached: a hold 4 reads and 4 writes, a capture 3 and 5, a void 3 and 4, a repeated call 1 read.
A customer with points set aside already costs a quote or a hold one read more for each of those holds.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lib.domain import answers, checkout, orders, redemptions
from lib.domain.answers import Answer
from lib.domain.checkout import Checkout, TillOrder, Wish
from lib.domain.commands import Command
from lib.domain.customers import Customer, journal_of
from lib.domain.errors import PerennialError
from lib.domain.ledger import CLOCK, Actor, Journal
from lib.domain.orders import Order, Phase
from lib.domain.redemptions import Act, Outcome, Redemption
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import shown_points
from lib.platform import clock, logs
from lib.store import activities, customers, due, journals, lookup, receipts
from lib.store import redemptions as store
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_WORKERS = 8
# What a document of ours that is not as we wrote it raises.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def quote(org_id: str, actor: Actor, customer_id: str, order: TillOrder | None) -> Answer:
    """What the customer may redeem on this order now, or on any: each reward tier, and the best that can be had."""
    org = OrgStore(org_id)
    settings = settings_store.load(org)
    act = Act.under(settings, actor, clock.now())

    def work(transaction: Transaction) -> Answer:
        _, journal, at_checkout = _read(transaction, org, customer_id, order, settings, act)
        return answers.of_quote(checkout.quote(at_checkout, journal, settings, act))

    return transactions.run(work)


def hold(command: Command, customer_id: str, order: TillOrder, wish: Wish) -> Answer:
    """Sets points aside for an order. Refusals: see `Refusal`; those about the amount come with the best offer."""
    settings = settings_store.load(OrgStore(command.org_id))
    act = _act(command, settings)

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        customer, journal, at_checkout = _read(transaction, org, customer_id, order, settings, act)
        outcome = checkout.hold(command.id_of("redemption"), wish, at_checkout, journal, settings, act)
        return _write(transaction, org, customer, journal, outcome, settings, act)

    return receipts.run_once(command, work)


def capture(command: Command, redemption_id: str, points: int | None) -> Answer:
    """Spends held points, all when `points` is None. Raises NotFound for a redemption this org does not have."""
    return _advance(command, redemption_id, lambda held, journal, act: redemptions.capture(held, points, journal, act))


def void(command: Command, redemption_id: str) -> Answer:
    """Lets a hold go. Raises NotFound for a redemption this org does not have."""
    return _advance(command, redemption_id, redemptions.void)


def reinstate(command: Command, redemption_id: str, reason: str) -> Answer:
    """Gives a captured reward back, once. Raises NotFound for a redemption this org does not have."""
    return _advance(
        command,
        redemption_id,
        lambda captured, journal, act: redemptions.reinstate(captured, journal, act, reason=reason),
    )


def end_due() -> Mapping[str, int]:
    """Ends every hold whose time is over, in every org; how many were `ended`, `kept` because the programme is paused,
    and `failed`, which the next call tries again.

    Billed: one read for each, two reads and three writes to end one, two and one to keep it on.
    """
    with ThreadPoolExecutor(_WORKERS) as executor:
        tally = Counter(executor.map(lambda hold: _try_to_end(*hold), due.holds(clock.now())))
    logs.swept("holds", tally)
    return tally


def _try_to_end(org_id: str, redemption_id: str) -> str:
    """One hold that nobody can end, because its documents are damaged, must not keep the others."""
    try:
        return _end(OrgStore(org_id), redemption_id)
    except (PerennialError, *_UNREADABLE) as error:
        logs.hold_not_ended(org_id, error)
        return "failed"


def _end(org: OrgStore, redemption_id: str) -> str:
    settings = settings_store.load(org)

    def work(transaction: Transaction) -> str:
        act = Act.under(settings, CLOCK, clock.now())
        redemption = store.load(transaction, org, redemption_id)
        if not redemption.has_timed_out(act.at):
            return "changed_meanwhile"
        if act.paused:
            store.write(transaction, org, [redemptions.kept_on(redemption, act)])
            return "kept"
        customer = customers.load(transaction, org, redemption.customer_id)
        journal = journal_of(customer, settings, act.at)
        closed = redemptions.close_timed_out([redemption], journal, act)
        journals.post(transaction, org, customer, journal, settings, act.at)
        store.write(transaction, org, closed)
        return "ended"

    return transactions.run(work)


def _advance(command: Command, redemption_id: str, decide: Callable[[Redemption, Journal, Act], Outcome]) -> Answer:
    settings = settings_store.load(OrgStore(command.org_id))
    act = _act(command, settings)

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        redemption = store.load(transaction, org, redemption_id)
        customer = customers.load(transaction, org, redemption.customer_id)
        journal = journal_of(customer, settings, act.at)
        outcome = decide(redemption, journal, act)
        return _write(transaction, org, customer, journal, outcome, settings, act)

    return receipts.run_once(command, work)


def _read(
    transaction: Transaction,
    org: OrgStore,
    customer_id: str,
    order: TillOrder | None,
    settings: LoyaltySettings,
    act: Act,
) -> tuple[Customer | None, Journal | None, Checkout]:
    found, *documents = transaction.get([org.customer(customer_id), *([org.order(order.id)] if order else [])])
    on_order = store.of_order(transaction, org, order.id) if order else ()
    at_checkout = _checkout(org, order, documents[0], on_order) if order else Checkout()
    customer = lookup.in_transaction(transaction, org, found)
    if customer is None:
        return None, None, at_checkout
    held = store.held_by(org, customer, transaction)
    return customer, journal_of(customer, settings, act.at), replace(at_checkout, held=held)


def _checkout(org: OrgStore, order: TillOrder, document: Snapshot, on_order: tuple[Redemption, ...]) -> Checkout:
    """The order as the till tells it and, where its document exists already, as that tells it.

    A document that says cancelled or refunded counts: its event may have been worked already and would not come again
    to give back what is redeemed now. Of two totals the smaller counts.
    """
    at_checkout = Checkout(order.id, order.total_cents, redemptions=on_order)
    found = orders.read(order.id, document.to_dict() or {}, document.create_time) if document.exists else None
    if not isinstance(found, Order) or found.org.org_id not in (None, org.org_id):
        return at_checkout
    total_cents = min(order.total_cents, found.money.total_cents) if found.money else order.total_cents
    return replace(at_checkout, total_cents=total_cents, is_returned=found.phase is Phase.REVERSED)


def _write(
    transaction: Transaction,
    org: OrgStore,
    customer: Customer | None,
    journal: Journal | None,
    outcome: Outcome,
    settings: LoyaltySettings,
    act: Act,
) -> Answer:
    if customer and journal and outcome.changed:
        after = journals.post(transaction, org, customer, journal, settings, act.at)
        store.write(transaction, org, outcome.changed)
        shown = shown_points(after.account, settings)
        for redemption in outcome.changed:
            if activity := redemptions.captured_activity(redemption, shown, settings.currency):
                activities.add(transaction, org, activity)
    return answers.of_outcome(outcome, journal.account if journal else None)


def _act(command: Command, settings: LoyaltySettings) -> Act:
    return Act.under(settings, command.actor, command.at)
