"""Working an order again that could not be decided when it was written."""

from lib.domain import answers
from lib.domain.accrual import Occasion
from lib.domain.answers import Answer
from lib.domain.commands import Command
from lib.domain.errors import NotFound
from lib.domain.orders import Flaw, MalformedOrder
from lib.platform import secrets
from lib.store import alpine_pushes, directory, inbox, orders, receipts, recording
from lib.store import settings as settings_store
from lib.store.org import UNASSIGNED, OrgStore
from lib.store.transaction import Transaction

ORDER_OF_OTHER_ORG = "order_of_other_org"


def replay(command: Command, item_id: str) -> Answer:
    """Reads the order of an inbox document again and records it; the document is then marked as replayed.

    Refusals: the flaw, when it is still there, or `order_of_other_org`. An order kept without an org can be replayed
    once it names one. Raises NotFound for what is not in this org's inbox.
    """
    order_id = inbox.order_id_of(item_id)
    if order_id is None:
        raise NotFound("no such order in the inbox", reason="unknown_inbox_item")

    def work(transaction: Transaction, kept_in: OrgStore) -> Answer:
        stored = orders.load(transaction, kept_in, order_id)
        if stored is None:
            return answers.refusal(Flaw.ORDER_DELETED.value)
        if isinstance(stored.order, MalformedOrder):
            return answers.refusal(stored.order.flaw.value, pointer=stored.order.pointer)
        org = directory.org_of(stored.order.org)
        if org is None:
            return answers.refusal(Flaw.UNKNOWN_ORG.value)
        if kept_in.org_id not in (org.org_id, UNASSIGNED):
            return answers.refusal(ORDER_OF_OTHER_ORG)
        settings = settings_store.load_for_orders(org)
        occasion = Occasion(stored.revision, command.actor, command.at)
        snapshot = recording.read(transaction, org, stored.order, settings, occasion)
        if isinstance(snapshot, Flaw):
            return answers.refusal(snapshot.value)
        changes = recording.decided(transaction, org, snapshot, stored.order, settings, occasion)
        if not inbox.close(transaction, kept_in, order_id, occasion):
            raise NotFound("no such order in the inbox", reason="unknown_inbox_item")
        if changes:
            is_told = secrets.alpine_iq_key(org.org_id) is not None
            accrual = changes.accrual
            sale = alpine_pushes.new_sale(transaction, org, snapshot.accrual, accrual, command.at) if is_told else None
            recording.write(transaction, org, changes, stored.order, occasion, unchanged_since=stored.revision)
            if sale:
                # Its task is the sweep's to enqueue: this one is late already.
                alpine_pushes.add(transaction, org, sale)
        points = changes.accrual.points if changes else 0
        return {"ok": True, "orderId": order_id, "recorded": changes is not None, "points": points}

    return receipts.run_once(command, work)
