"""Orders of customers of campaigns, recorded as the product records them, and what has been put down to whom."""

from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import FieldFilter

from lib.domain.holdout import is_held_out
from lib.domain.message_wording import EmailTemplate
from lib.domain.messages import State, reported
from lib.store import messages
from lib.store import transaction as transactions
from lib.store.transaction import Transaction
from lib.usecases import campaign_results, orders
from tests.usecases.campaigns.office import Office

HOUR = timedelta(hours=1)
MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}")


class Till:
    """Sells to an office's customers, and looks at its campaigns."""

    def __init__(self, office: Office) -> None:
        self.office, self.client = office, office.client

    @property
    def now(self) -> datetime:
        return self.office.desk.time.now()

    def sell(self, name: str, order_id: str = "", dollars: float = 42.0, **fields: Any) -> str:
        """An order of the customer of this name, now."""
        order_id = order_id or f"{self.office.org_id}_{name}_{self.now:%d%H%M%S%f}"
        order = {
            "orgId": self.office.org_id,
            "customerId": f"{self.office.org_id}_{name}",
            "status": "completed",
            "totals": {"total": dollars},
            "items": [{"name": "A"}, {"name": "B"}],
            "createdAt": self.now,
        }
        self.client.document("orders", order_id).set({**order, **fields})
        orders.record_present(order_id)
        return order_id

    def change(self, order_id: str, **fields: Any) -> None:
        """The order says something else from now on."""
        self.client.document("orders", order_id).update(fields)
        orders.record_present(order_id)

    def follow(self, after: timedelta = timedelta(minutes=5)) -> None:
        """What the schedule does, some time later."""
        self.office.desk.time.advance(after)
        campaign_results.follow()

    def report(self, name: str, state: State) -> None:
        """The vendor tells what has become of the messages to a customer."""
        org = self.office.org
        sent = org.messages().where(filter=FieldFilter("customerId", "==", f"{org.org_id}_{name}")).stream()
        for message_id in [found.id for found in sent]:

            def work(transaction: Transaction, message_id: str = message_id) -> None:
                message = messages.get(transaction, org, message_id)
                messages.save(transaction, org, reported(message, state, self.now), self.now)

            transactions.run(work)

    def results(self, campaign_id: str) -> dict[str, Any]:
        return campaign_results.results(self.office.org_id, campaign_id)

    def claimed(self, campaign_id: str) -> dict[str, int]:
        """Cents by order, as the campaign claims them."""
        found = self.client.collection("campaigns", campaign_id, "attributions").stream()
        return {each.id: each.get("orderCents") for each in found}

    def bought(self, campaign_id: str) -> dict[str, int]:
        """Cents by customer, as the campaign's comparison counts them."""
        rows = self.office.recipients(campaign_id)
        prefix = f"{self.office.org_id}_"
        return {it["customerId"].removeprefix(prefix): it["boughtCents"] for it in rows if it.get("bought")}


def sent_to(office: Office, *names: str, **wishes: Any) -> str:
    """A campaign that has gone out to customers of these names."""
    for number, name in enumerate(names):
        office.desk.customer(name, number)
    spring = office.create(**wishes)
    office.send(spring)
    office.settle()
    return spring


def sent_at_night(office: Office, campaign_id: str) -> None:
    """Begun at night in New York, where the numbers are from: texts wait for the morning."""
    office.desk.time.advance(11 * HOUR)
    office.send(campaign_id)
    office.queue.deliver()
    office.desk.time.advance(timedelta(minutes=1))
    office.queue.deliver()


def people(office: Office, *, held_out: bool, count: int, percent: int = 50) -> list[str]:
    """Names of so many customers who are held out where this share is, or are not."""
    names = (f"p{number}" for number in range(1000))
    found = (name for name in names if is_held_out(office.org_id, f"{office.org_id}_{name}", percent) is held_out)
    return [next(found) for _ in range(count)]
