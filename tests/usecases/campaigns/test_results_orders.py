"""Orders around campaigns: which are claimed and by whom, and which the comparison counts."""

from datetime import timedelta

from lib.domain.consent import Channel
from lib.domain.messages import State
from tests.usecases.campaigns.buying import HOUR, MAIL, Till, people, sent_to
from tests.usecases.campaigns.office import TEXT, Office


class TestOrders:
    def test_an_order_after_the_message_is_claimed_as_the_dashboard_reads_it(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", "bob")
        order_id = till.sell("ann", dollars=49.99)
        till.follow()

        (ann,) = (it for it in office.recipients(spring) if it["firstName"] == "Ann")
        assert (ann["converted"], ann["orderId"], ann["orderTotal"]) == (True, order_id, 49.99)
        assert ann["convertedAt"] is not None
        stored = office.client.document("campaigns", spring, "attributions", order_id).get().to_dict() or {}
        expected = {
            "orderId": order_id,
            "campaignId": spring,
            "campaignName": "Spring",
            "recipientEmail": "ann@example.com",
            "orderTotal": 49.99,
            "itemCount": 2,
            "orgId": office.org_id,
        }
        assert {name: stored[name] for name in expected} == expected
        assert office.campaign(spring)["performance"]["revenue"] == 49.99
        assert till.results(spring)["claimed"] == {
            "conversions": 1,
            "orders": 1,
            "revenueCents": 4999,
            "revenue": 49.99,
        }

    def test_only_within_the_window(self, office: Office, till: Till) -> None:
        office.desk.customer("ann", 0)
        till.sell("ann", "before")
        spring = sent_to(office, attribution_hours=2)
        sent_at = next(office.org.messages().stream()).get("sentAt")
        till.sell("ann", "within", createdAt=sent_at + 2 * HOUR - timedelta(microseconds=1))
        office.desk.time.advance(3 * HOUR)
        till.sell("ann", "in time", createdAt=sent_at + 2 * HOUR - timedelta(seconds=1))
        till.sell("ann", "late", createdAt=sent_at + 2 * HOUR)
        till.follow()

        assert sorted(till.claimed(spring)) == ["in time", "within"]

    def test_what_is_returned_is_taken_back_and_what_changes_is_changed(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        till.sell("ann", "kept", 10.0)
        till.sell("ann", "returned", 20.0)
        till.follow()
        assert till.claimed(spring) == {"kept": 1000, "returned": 2000}
        till.change("returned", status="refunded")
        till.change("kept", totals={"total": 8.0})
        till.follow()

        assert till.claimed(spring) == {"kept": 800}
        assert till.bought(spring) == {"ann": 800}
        till.change("kept", status="voided")
        till.follow()
        (ann,) = office.recipients(spring)
        assert (ann["converted"], ann["orderId"], ann["orderTotal"], ann["bought"]) == (False, None, None, False)
        assert till.results(spring)["claimed"]["revenueCents"] == 0

    def test_an_order_that_turns_out_to_be_somebody_elses_changes_hands(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", "bob")
        till.sell("ann", "o")
        till.follow()
        till.change("o", customerId=f"{office.org_id}_bob")
        till.follow()

        assert till.bought(spring) == {"bob": 4200}
        assert till.claimed(spring) == {"o": 4200}
        converted = {it["firstName"]: it.get("converted", False) for it in office.recipients(spring)}
        assert converted == {"Ann": False, "Bob": True}

    def test_two_campaigns_do_not_claim_one_order(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        office.desk.time.advance(timedelta(days=1))
        summer = office.create(name="Summer", content={Channel.EMAIL: MAIL})
        office.send(summer)
        office.settle()
        till.sell("ann", "o")
        till.follow()

        assert (till.claimed(spring), till.claimed(summer)) == ({}, {"o": 4200})
        # The comparisons count it both: they do not add up, they compare.
        assert till.bought(spring) == till.bought(summer) == {"ann": 4200}

    def test_one_message_a_customer_converts_whatever_the_channels(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", content={Channel.SMS: TEXT, Channel.EMAIL: MAIL})
        till.sell("ann", "first", 10.0)
        till.sell("ann", "second", 5.0)
        till.follow()

        answer = till.results(spring)
        assert (answer["performance"]["sent"], answer["claimed"]["conversions"]) == (2, 1)
        assert (answer["claimed"]["orders"], answer["claimed"]["revenueCents"]) == (2, 1500)
        assert answer["groups"]["treated"]["customers"] == 1

    def test_an_order_that_came_before_it_was_known_that_the_message_went_out(self, office: Office, till: Till) -> None:
        """A text of unknown outcome, an order, and a receipt an hour later that the text was delivered after all."""
        spring = sent_to(office, "ann")
        (message,) = office.messages()
        reference = office.client.document("customer_communications", message["id"])
        reference.update({"state": "unknown", "status": "failed", "reason": "worker_lost", "sentAt": None})
        till.sell("ann", "o")
        till.follow()
        till.follow(HOUR)
        assert (till.claimed(spring), till.bought(spring)) == ({}, {"ann": 4200})
        till.report("ann", State.DELIVERED)
        till.follow()

        assert till.claimed(spring) == {"o": 4200}

    def test_a_message_that_comes_back_claims_nothing(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        till.sell("ann", "o")
        till.follow()
        till.follow(HOUR)
        assert till.claimed(spring) == {"o": 4200}
        till.report("ann", State.BOUNCED)
        till.follow()

        assert (till.claimed(spring), till.bought(spring)) == ({}, {"ann": 4200})

    def test_nobody_elses_orders(self, office: Office, till: Till) -> None:
        office.desk.customer("eve", 5, smsConsent=False)
        spring = sent_to(office, "ann")
        till.sell("eve", "unasked")
        office.desk.customer("new", 6)
        till.sell("new", "newcomer")
        till.follow()

        assert (till.claimed(spring), till.bought(spring)) == ({}, {})


class TestComparison:
    def test_both_groups_are_counted_alike_and_nothing_is_claimed_of_those_held_out(
        self, office: Office, till: Till
    ) -> None:
        treated, left_out = people(office, held_out=False, count=3), people(office, held_out=True, count=2)
        office.desk.customer(skipped := people(office, held_out=True, count=3)[2], 8, smsConsent=False)
        spring = sent_to(office, *treated, *left_out, holdout_percent=50)
        for name in (treated[0], left_out[0], skipped):
            till.sell(name, dollars=30.0)
        till.follow()

        answer = till.results(spring)
        assert answer["groups"] == {
            "treated": {
                "customers": 3,
                "buyers": 1,
                "conversionRate": 33.33,
                "revenueCents": 3000,
                "revenueCentsPerCustomer": 1000.0,
            },
            "holdout": {
                "customers": 2,
                "buyers": 1,
                "conversionRate": 50.0,
                "revenueCents": 3000,
                "revenueCentsPerCustomer": 1500.0,
            },
        }
        assert answer["claimed"]["orders"] == 1
        assert answer["holdoutPercent"] == 50
        # Newcombe's interval of 1/3 - 1/2.
        assert answer["lift"]["conversionRate"] == {"difference": -16.67, "low": -65.48, "high": 44.58}
        assert answer["lift"]["revenueCentsPerCustomer"] == {"reason": "too_few"}

    def test_without_a_holdout_there_is_no_figure(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        till.sell("ann")
        till.follow()

        lift = till.results(spring)["lift"]
        assert lift["conversionRate"] == lift["revenueCentsPerCustomer"] == {"reason": "no_holdout"}

    def test_the_window_begins_with_the_lot_and_not_with_the_message(self, office: Office, till: Till) -> None:
        """What is bought before the message is sent counts for those who will get it as for those who will not."""
        treated, left_out = people(office, held_out=False, count=1)[0], people(office, held_out=True, count=1)[0]
        for number, name in enumerate((treated, left_out)):
            office.desk.customer(name, number)
        spring = office.create(holdout_percent=50)
        office.send(spring)
        office.queue.deliver()
        before = {it["customerId"] for it in office.recipients(spring)}
        assert len(before) == 2
        till.sell(treated, "t", 5.0)
        till.sell(left_out, "h", 5.0)
        office.desk.time.advance(timedelta(seconds=1))
        office.settle()
        till.follow()

        assert till.bought(spring) == {treated: 500, left_out: 500}

    def test_an_amount_whose_square_is_no_integer_of_firestore(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", "bob")
        till.sell("ann", dollars=99_999_999.99)
        till.sell("bob", dollars=0.01)
        till.follow()

        assert till.results(spring)["groups"]["treated"]["revenueCents"] == 10_000_000_000
