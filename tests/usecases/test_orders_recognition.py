"""Whose order it is: the org by any name an order may have for it, the customer by any identity."""

from typing import Any

import pytest

from emulator.client import StackClient
from lib.store import directory
from lib.usecases.orders import Outcome
from tests.usecases.counter import ANN, ORG, Counter, cost, pos


class TestWhoseItIs:
    def test_org_by_every_name_an_order_may_have_for_it(self, counter: Counter) -> None:
        counter.client.document("tenants", ORG).set({"name": "A"})
        counter.client.document("locations", "loc1").set({"orgId": ORG, "posConfig": {"storeId": "1000"}})
        counter.client.document("locations", "loc2").set({"orgId": ORG, "posConfig": {"locationId": "2000"}})
        counter.org_id = None
        names: tuple[dict[str, Any], ...] = (
            *({"brandId": ORG}, {"brandId": "some_brand", "organizationId": ORG}, {"dispensaryId": ORG}),
            *({"brandId": None, "retailerId": "loc1"}, {"retailerId": "1000"}, {"retailerId": "2000"}),
        )
        for number, name in enumerate(names):
            assert counter.sell(f"o{number}", **pos("77"), **name) is Outcome.RECORDED
        assert counter.customer(ANN)["orderCount"] == len(names)

    def test_a_store_number_of_two_orgs_leads_nowhere(self, counter: Counter) -> None:
        for org_id in (ORG, "org_b"):
            counter.client.document("locations", f"loc_{org_id}").set(
                {"orgId": org_id, "posConfig": {"storeId": "1000"}}
            )
        counter.org_id = None
        assert counter.sell("o1", retailerId="1000", **pos("77")) is Outcome.KEPT
        counter.client.document("locations", "loc_org_b").delete()
        assert counter.sell("o1", retailerId="1000", totals={"total": 51.0}) is Outcome.RECORDED

    def test_a_name_that_leads_somewhere_is_remembered(self, counter: Counter, usage: StackClient) -> None:
        counter.client.document("brands", ORG).set({"name": "A"})
        counter.org_id = None
        counter.sell("o1", brandId=ORG, **pos("77"))
        assert cost(usage, counter.write("o2", brandId=ORG, **pos("77"))) == (2, 6)
        assert directory.CACHE_SECONDS == 60.0


class TestWhoItIs:
    @pytest.mark.parametrize("pos_first", [True, False])
    def test_identities_arrive_in_either_order(self, counter: Counter, pos_first: bool) -> None:
        at_the_counter, web = pos("77", phone="2015550123"), {"customer": {"phone": "(201) 555-0123"}}
        for number, buyer in enumerate((at_the_counter, web) if pos_first else (web, at_the_counter)):
            counter.sell(f"o{number}", **buyer)
        (customer_id,) = counter.ids("customers")
        found = counter.customer(customer_id)
        assert (found["points"], found["alleavesCustomerId"]) == (100, "cid_77")
        counter.sell("o2", **pos("77"))
        assert counter.ids("customers") == {customer_id}

    def test_a_household_shares_a_telephone_and_nothing_else(self, counter: Counter) -> None:
        for pos_id in ("77", "78", "77", "78"):
            counter.sell(f"o{len(counter.ids('orders'))}", **pos(pos_id, phone="2015550123"))
        assert {number: counter.customer(f"{ORG}_{number}")["points"] for number in ("77", "78")} == {
            "77": 100,
            "78": 100,
        }

    @pytest.mark.parametrize(
        ("document_id", "fields"),
        [
            (ANN, {"orgId": ORG}),
            (ANN, {"points": 5}),
            (f"{ORG}_alleaves_77", {"orgId": ORG}),
            (f"{ORG}_phone_2015550123", {"orgId": ORG, "phone": "201-555-0123"}),
            (f"{ORG}_phone_12015550123", {"orgId": ORG}),
            ("auto1", {"orgId": ORG, "alleavesCustomerId": "cid_77"}),
            ("auto2", {"orgId": ORG, "email": "ann@example.com"}),
            ("auto3", {"orgId": ORG, "phone": "12015550123"}),
        ],
    )
    def test_customers_that_others_created_are_found(
        self, counter: Counter, document_id: str, fields: dict[str, Any]
    ) -> None:
        counter.client.document("customers", document_id).set(fields)
        for number in range(2):
            counter.sell(f"o{number}", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.ids("customers") == {document_id}
        found = counter.customer(document_id)
        assert (found["orgId"], found["points"]) == (ORG, 100 + fields.get("points", 0))

    @pytest.mark.parametrize("owner", ["org_b", None])
    def test_customers_of_other_orgs_are_not(self, counter: Counter, owner: str | None) -> None:
        shared = {"email": "ann@example.com", "phone": "+12015550123", "alleavesCustomerId": "cid_77"}
        counter.client.document("customers/theirs").set({**shared, **({"orgId": owner} if owner else {})})
        counter.sell("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.ids("customers") == {"theirs", ANN}
        assert "points" not in counter.customer("theirs")

    def test_a_merged_customer_is_followed(self, counter: Counter) -> None:
        counter.client.document("customers/winner").set({"orgId": ORG, "email": "ann@example.com"})
        counter.client.document("customers", ANN).set({"orgId": ORG, "archived": True, "mergedInto": "winner"})
        counter.sell("o1", customerId=ANN)
        counter.sell("o2", **pos("77"))
        assert counter.customer("winner")["points"] == 100
        assert counter.fields("orders", "o1")["customerId"] == "winner"
        assert "points" not in counter.customer(ANN)

    def test_a_web_customer_is_named_after_the_uid(self, counter: Counter) -> None:
        counter.sell("o1", userId="uid9", customer={"email": "ann@example.com", "name": "Ann"})
        counter.sell("o2", customer={"uid": "uid9", "email": "ann@example.com"})
        assert counter.ids("customers") == {f"{ORG}_uid9"}
        assert counter.customer(f"{ORG}_uid9")["points"] == 100

    def test_a_shopper_cannot_get_at_another_by_typing_an_address(self, counter: Counter) -> None:
        counter.sell("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        counter.sell("o2", userId="mallory", customer={"email": "ann@example.com", "phone": "2015550166"})
        counter.sell("o3", customer={"email": "ann@example.com", "phone": "2015550166"})
        assert counter.customer(ANN)["points"] == 100
        assert counter.customer(f"{ORG}_mallory")["points"] == 50
        kinds = [name.partition(":")[0] for name in counter.customer(ANN)["loyalty"]["identities"]]
        assert sorted(kinds) == ["email", "phone", "pos"]
        assert counter.customer(ANN)["phoneDigits"] == "12015550123"

    def test_a_shopper_cannot_claim_an_address_before_its_owner_comes(self, counter: Counter) -> None:
        counter.sell("o1", userId="mallory", customer={"email": "ann@example.com", "phone": "2015550123"})
        counter.sell("o2", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.customer(f"{ORG}_mallory")["points"] == 50
        assert counter.customer(ANN)["points"] == 50

    def test_a_profile_its_owner_could_write_proves_nothing(self, counter: Counter) -> None:
        planted = counter.client.document("customers/kYV2pXo6ZnRr1bTq8sWd4uEaLcM3")
        fields = {"orgId": ORG, "email": "ann@example.com", "phone": "+12015550123", "points": 5_000}
        planted.set(fields)
        counter.sell("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.customer(ANN)["points"] == 50
        assert planted.get().to_dict() == fields

    def test_an_order_moved_to_a_customer_does_not_let_its_buyer_in(self, counter: Counter) -> None:
        counter.sell("o1", **pos("77", email="ann@example.com"))
        counter.sell("o2", userId="mallory", customerId=ANN, customer={"email": "mallory@example.com"})
        assert counter.customer(ANN)["points"] == 100
        assert not any(name.startswith("uid:") for name in counter.customer(ANN)["loyalty"]["identities"])

    def test_a_catch_all_customer_collects_only_so_many_identities(self, counter: Counter, usage: StackClient) -> None:
        for number in range(22):
            counter.sell(f"o{number}", **pos("77", phone=f"20155501{number:02d}"))
        assert len(counter.ids("tenants", ORG, "identities")) == 20
        assert cost(usage, counter.write("more", **pos("77", phone="2015550199"))) == (2, 6)
