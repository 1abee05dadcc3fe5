"""A till for tests of what a shop's staff do with points: one org, its customers, commands under fresh keys."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from google.cloud.firestore import Client

from lib.domain.checkout import TillOrder, Wish
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.platform import clock
from lib.usecases import points, redemptions
from lib.usecases.audit import audit
from lib.usecases.orders import OrderChange, record_order

Answer = dict[str, Any]

_keys = count(1)


class Till:
    """Staff of one org. Every command has a key of its own unless one is given."""

    def __init__(self, client: Client, org_id: str = "org_a") -> None:
        self.client = client
        self.org_id = org_id

    def command(self, function: str = "any", *, key: str | None = None, minutes: float = 0, **content: Any) -> Command:
        """A request, so many minutes from now."""
        return Command(
            function=function,
            org_id=self.org_id,
            actor=Actor("staff", "cashier"),
            key=key or f"key-{next(_keys)}",
            fingerprint=fingerprint(content),
            at=clock.now() + timedelta(minutes=minutes),
        )

    def customer(self, name: str, count_points: int = 0) -> str:
        """A customer whose ledger is open and holds so many points."""
        customer_id = f"{self.org_id}_{name}"
        self.client.document("customers", customer_id).set({"orgId": self.org_id, "email": f"{name}@example.com"})
        if count_points:
            answer = points.adjust(self.command("adjust_points"), customer_id, count_points, "opening stock")
            assert answer["ok"], answer
        return customer_id

    def hold(
        self,
        customer_id: str,
        count_points: int = 100,
        *,
        order_id: str = "order-1",
        total_cents: int = 100_00,
        command: Command | None = None,
    ) -> Answer:
        """A hold on an order, of $100 unless said otherwise."""
        request = command or self.command("hold_redemption")
        return redemptions.hold(request, customer_id, TillOrder(order_id, total_cents), Wish(count_points))

    def held(self, customer_id: str, count_points: int = 100, **order: Any) -> str:
        """The id of a hold that was granted."""
        answer = self.hold(customer_id, count_points, **order)
        assert answer["ok"], answer
        redemption_id: str = answer["redemption"]["id"]
        return redemption_id

    def capture(self, redemption_id: str, count_points: int | None = None, **request: Any) -> Answer:
        """A capture, of everything unless said otherwise."""
        return redemptions.capture(self.command("capture_redemption", **request), redemption_id, count_points)

    def void(self, redemption_id: str, **request: Any) -> Answer:
        return redemptions.void(self.command("void_redemption", **request), redemption_id)

    def reinstate(self, redemption_id: str, **request: Any) -> Answer:
        return redemptions.reinstate(self.command("reinstate_redemption", **request), redemption_id, "wrong item")

    def order(self, order_id: str, *, status: str = "completed", dollars: float = 100, **fields: Any) -> None:
        """Writes an order, and records it as its event would."""
        reference = self.client.document("orders", order_id)
        before = reference.get()
        reference.set({"orgId": self.org_id, "status": status, "totals": {"total": dollars}, **fields}, merge=True)
        after = reference.get()
        record_order(OrderChange(order_id, before.to_dict(), after.to_dict(), after.create_time, after.update_time))

    def read(self, path: str) -> dict[str, Any]:
        """A document that must exist."""
        fields = self.client.document(path).get().to_dict()
        assert fields is not None, path
        return fields

    def redemption(self, redemption_id: str) -> dict[str, Any]:
        return self.read(f"tenants/{self.org_id}/redemptions/{redemption_id}")

    def points(self, customer_id: str) -> int:
        shown: int = self.read(f"customers/{customer_id}")["points"]
        return shown

    def kinds(self, customer_id: str) -> list[str]:
        """The kinds of the customer's ledger entries, oldest first."""
        entries = self.client.collection("customers", customer_id, "ledger").order_by("seq").stream()
        return [entry.get("kind") for entry in entries]

    def assert_sound(self) -> None:
        """Every invariant holds in every document of this org."""
        report = audit(self.org_id)
        assert report.documents
        assert not report.violations, [str(violation) for violation in report.violations]


def same_key(command: Command, **content: Any) -> Command:
    """The command again, as a client sends it that got no answer; with another input if `content` is given."""
    return replace(command, fingerprint=fingerprint(content)) if content else command
