"""Orders that cannot be decided: kept with their reason, never retried for ever, never half recorded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.usecases import customers, inbox
from lib.usecases.orders import Outcome, record_order
from tests.usecases.counter import ANN, ORG, Counter, cost, deliver, pos


def command(function: str) -> Command:
    """A request of the staff."""
    return Command(function, ORG, Actor("staff", "u1"), "key", fingerprint([]), datetime.now(UTC))


class TestWhatCannotBeDecided:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"totals": {}}, "no_total"),
            ({"totals": {"total": "50"}}, "not_a_number"),
            ({"totals": {"total": float("nan")}}, "not_a_number"),
            ({"totals": {"total": -1}}, "negative_amount"),
            ({"totals": {"total": 1e15}}, "too_large"),
            ({"status": "chargeback"}, "unknown_status"),
            ({"userId": "alleaves_customer"}, "no_customer"),
            ({"userId": None, "customerId": "nobody"}, "no_customer"),
            ({"customerId": "org_b_9"}, "customer_of_other_org"),
            ({"customerId": "a/b"}, "invalid_customer"),
        ],
    )
    def test_is_kept_with_its_reason(self, counter: Counter, fields: dict[str, Any], reason: str) -> None:
        counter.client.document("customers", "org_b_9").set({"orgId": "org_b", "points": 7})
        change = counter.write("o1", **{**pos("77"), **fields})
        assert deliver([change, change]) == [Outcome.KEPT, Outcome.UNCHANGED]
        kept = counter.tenant("inbox", "order:o1")
        assert (kept["reason"], kept["status"], kept["orderId"]) == (reason, "open", "o1")
        assert "customer" not in kept["payload"]
        assert counter.ids("customers") == {"org_b_9"}
        assert counter.customer("org_b_9")["points"] == 7
        assert not counter.ids("tenants", ORG, "accruals")

    def test_of_no_known_org_is_kept_apart(self, counter: Counter) -> None:
        counter.org_id = None
        assert counter.sell("o1", brandId="some_brand", **pos("77")) is Outcome.KEPT
        assert counter.fields("tenants", "_unassigned", "inbox", "order:o1")["reason"] == "unknown_org"

    def test_a_rewrite_of_it_costs_nothing(self, warm: Counter, usage: StackClient) -> None:
        warm.sell("o1", totals={"total": "50"}, **pos("77"))
        assert cost(usage, warm.write("o1", updatedAt=1)) == (0, 0)

    def test_is_closed_when_it_is_put_right(self, counter: Counter) -> None:
        broken = counter.write("o1", totals={"total": "50"}, **pos("77"))
        mended = counter.write("o1", totals={"total": 50.0})
        assert deliver([broken, mended, broken]) == [Outcome.KEPT, Outcome.RECORDED, Outcome.UNCHANGED]
        assert counter.tenant("inbox", "order:o1")["status"] == "replayed"
        assert counter.customer(ANN)["points"] == 50

    def test_stays_open_when_an_earlier_state_is_recorded_late(self, counter: Counter) -> None:
        broken = counter.write("o1", totals={"total": "50"}, **pos("77"))
        mended = counter.write("o1", totals={"total": 50.0})
        broken_again = counter.write("o1", status="chargeback")
        assert deliver([broken, broken_again, mended]) == [Outcome.KEPT, Outcome.KEPT, Outcome.RECORDED]
        kept = counter.tenant("inbox", "order:o1")
        assert (kept["status"], kept["reason"]) == ("open", "unknown_status")
        assert counter.customer(ANN)["points"] == 50

    @pytest.mark.parametrize(
        ("flawed", "mended"),
        [
            ({"userId": "alleaves_customer"}, {"userId": "77"}),
            ({"userId": "alleaves_customer"}, {"status": "refunded"}),
            ({"customerId": "org_b_9"}, {"customerId": None}),
            ({"orgId": None, "brandId": "some_brand"}, {"orgId": ORG}),
        ],
    )
    def test_is_closed_too_when_it_was_sound_in_itself(
        self, counter: Counter, flawed: dict[str, Any], mended: dict[str, Any]
    ) -> None:
        counter.client.document("customers", "org_b_9").set({"orgId": "org_b"})
        assert counter.sell("o1", **{**pos("77"), **flawed}) is Outcome.KEPT
        assert counter.sell("o1", **mended) is Outcome.RECORDED
        kept_in = "_unassigned" if "brandId" in flawed else ORG
        assert counter.fields("tenants", kept_in, "inbox", "order:o1")["status"] == "replayed"

    def test_a_deleted_sale_leaves_the_ledger_alone(self, warm: Counter) -> None:
        assert record_order(warm.delete("first")) is Outcome.KEPT
        assert warm.tenant("inbox", "order:first")["reason"] == "order_deleted"
        assert warm.customer(ANN)["points"] == 50
        warm.write("cart", status="pending")
        assert record_order(warm.delete("cart")) is Outcome.UNCHANGED

    def test_a_customer_document_without_its_account_is_not_built_upon(self, warm: Counter) -> None:
        warm.client.document("customers", ANN).set({"orgId": ORG, "email": "ann@example.com", "points": 999})
        assert warm.sell("o1", customerId=ANN) is Outcome.KEPT
        assert warm.tenant("inbox", "order:o1")["reason"] == "refused"
        assert warm.ledger(ANN) == [("earn", 50)]
        assert customers.sync(command("sync_customer"), ANN)["ok"]
        assert warm.customer(ANN)["points"] == 100
        assert warm.tenant("inbox", "order:o1")["status"] == "replayed"

    def test_an_order_whose_record_is_damaged_waits_for_a_person(self, warm: Counter) -> None:
        record = warm.client.document("tenants", ORG, "accruals", "first")
        sound = warm.tenant("accruals", "first")
        record.set({"orderId": "first", "orderVersion": sound["orderVersion"]})
        assert warm.sell("first", totals={"total": 80.0}) is Outcome.KEPT
        assert warm.tenant("inbox", "order:first")["reason"] == "refused"
        assert warm.customer(ANN)["points"] == 50
        record.set(sound)
        assert inbox.replay(command("replay_inbox"), "order:first")["ok"]
        assert warm.customer(ANN)["points"] == 80

    def test_a_location_that_names_no_possible_org_leads_nowhere(self, counter: Counter) -> None:
        counter.client.document("locations/1000").set({"orgId": "a/b"})
        counter.org_id = None
        assert counter.sell("o1", retailerId="1000", **pos("77")) is Outcome.KEPT
        assert counter.fields("tenants", "_unassigned", "inbox", "order:o1")["reason"] == "unknown_org"
