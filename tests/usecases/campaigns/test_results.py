"""Results of campaigns, from the messages that went out and the orders that came in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.consent import Channel
from lib.domain.errors import NotFound
from lib.domain.holdout import is_held_out
from lib.domain.message_wording import EmailTemplate
from lib.domain.messages import State
from lib.store import follow_ups
from lib.usecases.campaign_results import following
from tests.usecases.campaigns.buying import HOUR, Till
from tests.usecases.campaigns.office import TEXT, Office
from tests.usecases.runs.delivery import Killed

MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}")


@pytest.fixture
def till(office: Office) -> Till:
    return Till(office)


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


class TestMessages:
    def test_what_becomes_of_them_is_copied_and_counted(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", "bob", "cid", "dan")
        for name, state in (("ann", State.DELIVERED), ("bob", State.CLICKED), ("cid", State.BOUNCED)):
            till.report(name, state)
        till.follow()

        by_name = {it["firstName"]: it for it in office.recipients(spring)}
        assert {name: it["status"] for name, it in by_name.items()} == {
            "Ann": "delivered",
            "Bob": "clicked",
            "Cid": "bounced",
            "Dan": "sent",
        }
        assert by_name["Ann"]["sentAt"] and by_name["Ann"]["deliveredAt"] and by_name["Dan"]["providerMessageId"]
        performance = office.campaign(spring)["performance"]
        expected = {
            "totalRecipients": 4,
            "sent": 4,
            "delivered": 2,
            "opened": 0,
            "clicked": 1,
            "bounced": 1,
            "unsubscribed": 0,
            "conversions": 0,
            "revenue": 0.0,
            "openRate": 0.0,
            "clickRate": 25.0,
            "bounceRate": 25.0,
            "conversionRate": 0.0,
        }
        assert {name: performance[name] for name in expected} == expected

    def test_an_opt_out_counts_for_the_campaign_that_brought_it_about(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann", "bob")
        office.desk.opt_out(f"+{office.desk.phone(1)}")
        till.follow()

        assert till.results(spring)["performance"]["unsubscribed"] == 1
        (bob,) = (it for it in office.recipients(spring) if it["firstName"] == "Bob")
        assert bob["unsubscribedAt"] is not None

    def test_why_nothing_was_sent(self, office: Office, till: Till) -> None:
        office.desk.customer("silent", 7, smsConsent=False)
        office.desk.customer("old", 8, archived=True)
        office.desk.customer("mute", 9, smsConsent=False)
        spring = office.create()
        office.desk.customer("ann", 0)
        office.send(spring)
        office.queue.deliver()
        office.settle()
        till.follow()

        answer = till.results(spring)
        assert answer["skipped"] == {"archived": 1, "no_consent": 2}
        assert answer["performance"]["recipients"] == 1

    def test_one_that_waits_gives_no_reason_until_it_is_given_up(self, office: Office, till: Till) -> None:
        office.desk.customer("ann", 0)
        spring = office.create()
        sent_at_night(office, spring)
        till.follow()
        assert office.messages()[0]["reason"] == "waits"
        assert till.results(spring)["skipped"] == {}
        office.desk.opt_out(f"+{office.desk.phone(0)}")
        office.settle()
        till.follow()

        answer = till.results(spring)
        assert (answer["skipped"], answer["performance"]["failed"]) == ({"opted_out": 1}, 1)
        # Whoever was to be written to counts in the comparison, also if nothing came of it.
        assert answer["groups"]["treated"]["customers"] == 1


class TestEnding:
    def test_a_campaign_is_sent_when_nothing_of_it_is_left(self, office: Office, till: Till) -> None:
        office.desk.customer("ann", 0)
        spring = office.create()
        office.send(spring)
        till.follow()
        assert office.campaign(spring)["status"] == "sending"
        office.settle()
        till.follow()

        stored = office.campaign(spring)
        assert (stored["status"], stored["completedAt"]) == ("sent", till.now)
        assert stored["following"] is True

    def test_it_is_followed_until_its_window_is_over_and_orders_are_in(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        till.follow()
        till.follow(timedelta(days=8) - timedelta(minutes=1))
        assert office.campaign(spring)["following"] is True
        till.follow(timedelta(minutes=1))
        assert office.campaign(spring)["following"] is False

    def test_one_that_is_cancelled_is_followed_for_what_it_sent(self, office: Office, till: Till) -> None:
        spring = sent_to(office, "ann")
        office.cancel(spring)
        till.sell("ann", "o")
        till.follow()

        assert office.campaign(spring)["status"] == "cancelled"
        assert till.claimed(spring) == {"o": 4200}

    @pytest.mark.parametrize(("state", "status"), [("failed", "failed"), ("cancelled", "paused")])
    def test_one_whose_run_does_not_get_through_is_left_to_a_person(
        self, office: Office, till: Till, state: str, status: str
    ) -> None:
        spring = sent_to(office, "ann")
        run_id = office.campaign(spring)["runId"]
        office.org.document("runs", run_id).update({"state": state})
        till.follow()
        office.org.document("runs", run_id).update({"state": "done"})

        stored = office.campaign(spring)
        assert (stored["status"], stored["statusReason"]) == (status, f"run_{state}")


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


class TestTrouble:
    def test_a_turn_that_dies_anywhere_is_made_up_for(self, office: Office, till: Till) -> None:
        """Killed after each of its writes in turn; what it left is gone on with, and comes to the same."""
        spring = sent_to(office, "ann", "bob")
        (ann, bob) = (it["id"] for it in sorted(office.messages(), key=lambda it: str(it["customerId"])))
        for message_id in (ann, bob):
            unknown = {"state": "unknown", "status": "failed", "reason": "worker_lost", "sentAt": None}
            office.client.document("customer_communications", message_id).update(unknown)
        till.sell("ann", "a")
        till.sell("bob", "b")
        till.follow()
        till.follow(HOUR)
        assert till.claimed(spring) == {}
        till.report("ann", State.DELIVERED)
        till.report("bob", State.DELIVERED)
        deaths = 0
        for writes in range(1, 20):
            office.desk.killer.arm(writes)
            try:
                till.follow(timedelta(minutes=20))
            except Killed:
                deaths += 1
        office.desk.killer.arm(None)
        till.follow(timedelta(minutes=20))

        assert deaths
        assert till.claimed(spring) == {"a": 4200, "b": 4200}
        assert till.results(spring)["claimed"]["orders"] == 2

    def test_what_is_too_much_for_one_turn_is_gone_on_with(
        self, office: Office, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(follow_ups, "_PAGE", 2)
        monkeypatch.setattr(following, "BUDGET_SECONDS", 0.05)
        names = [f"n{number}" for number in range(5)]
        spring = sent_to(office, *names)
        for name in names:
            office.desk.time.advance(timedelta(seconds=10))
            till.sell(name, name, 1.0)
            till.report(name, State.DELIVERED)
        turns = 0
        while till.claimed(spring) != dict.fromkeys(names, 100) or till.results(spring)["performance"]["delivered"] < 5:
            assert (turns := turns + 1) < 40
            till.follow(timedelta(seconds=1))

    def test_a_shop_with_a_damaged_campaign_does_not_hold_up_others(
        self, office: Office, till: Till, capfd: pytest.CaptureFixture[str]
    ) -> None:
        fields = {"orgId": "a_shop_before", "following": True, "sentAt": till.now, "status": "sent", "followed": {}}
        office.client.document("campaigns", "damaged").set({**fields, "followed": {"ordersUntil": "soon"}})
        spring = sent_to(office, "ann")
        till.sell("ann", "o")
        till.follow()

        assert till.claimed(spring) == {"o": 4200}
        assert '"unexpected error", "function": "follow_campaigns"' in capfd.readouterr().err


class TestTelling:
    def test_another_shops_campaign_is_none(self, office: Office, till: Till) -> None:
        office.written("theirs", orgId="others")
        for campaign_id in ("theirs", "nothing"):
            with pytest.raises(NotFound):
                till.results(campaign_id)

    def test_one_that_has_not_begun(self, office: Office, till: Till) -> None:
        answer = till.results(office.written("draft"))

        assert (answer["status"], answer["countedAt"], answer["following"]) == ("draft", None, False)
        assert answer["performance"]["sent"] == 0
        assert answer["lift"]["conversionRate"] == {"reason": "no_holdout"}


class TestBill:
    def test_nothing_to_follow(self, office: Office, till: Till, usage: StackClient) -> None:
        usage.reset_usage()
        till.follow()
        billed = usage.reset_usage()
        assert (billed["reads"], billed["writes"]) == (1, 0)

    def test_nothing_has_changed(self, office: Office, till: Till, usage: StackClient) -> None:
        """Itself, its messages, its unsettled, and the orders of the shop; whatever the number of its recipients."""
        spring = sent_to(office, *(f"n{number}" for number in range(8)))
        till.follow()
        till.follow()
        usage.reset_usage()
        till.follow()
        billed = usage.reset_usage()
        assert (billed["reads"], billed["writes"]) == (4, 0)
        assert office.campaign(spring)["status"] == "sent"

    def test_nothing_has_changed_of_one_that_waits_to_be_sent(
        self, office: Office, till: Till, usage: StackClient
    ) -> None:
        """Its run, and a message that is left, as well."""
        office.desk.customer("ann", 0)
        spring = office.create()
        sent_at_night(office, spring)
        till.follow()
        till.follow()
        usage.reset_usage()
        till.follow()
        billed = usage.reset_usage()
        assert (billed["reads"], billed["writes"]) == (6, 0)
        assert office.campaign(spring)["status"] == "sending"

    @pytest.mark.parametrize("size", [2, 12])
    def test_one_message_has_changed(self, office: Office, till: Till, usage: StackClient, size: int) -> None:
        """Three reads and a write for it, and what counting costs; whatever the number of the others."""
        sent_to(office, *(f"n{number}" for number in range(size)))
        till.follow()
        till.follow()
        till.report("n0", State.DELIVERED)
        usage.reset_usage()
        till.follow(timedelta(minutes=1))
        billed = usage.reset_usage()
        counting = 14
        assert (billed["reads"], billed["writes"]) == (4 + 2 + counting + 1, 2)

    def test_one_order_has_changed(self, office: Office, till: Till, usage: StackClient) -> None:
        """Of a recipient: the recipient, the orders around it and the one that is claimed; of nobody's one read more
        than the order's."""
        spring = sent_to(office, "ann", "bob")
        till.follow()
        till.follow()
        till.sell("ann", "o")
        usage.reset_usage()
        till.follow(timedelta(minutes=1))
        billed = usage.reset_usage()
        assert (billed["reads"], billed["writes"]) == (4 + 3 + 14 + 1, 3)
        till.follow()
        till.follow()
        office.desk.customer("new", 6)
        till.sell("new", "newcomer")
        usage.reset_usage()
        till.follow(timedelta(minutes=1))
        billed = usage.reset_usage()
        assert (billed["reads"], billed["writes"]) == (4 + 1 + 1, 1)
        assert till.claimed(spring) == {"o": 4200}


def test_following_anew_ends_the_same(office: Office, till: Till) -> None:
    """Nothing that is seen twice, or by two turns at once, counts twice."""
    spring = sent_to(office, "ann", "bob")
    till.sell("ann", "o")
    till.report("bob", State.DELIVERED)
    till.follow()
    first = (office.recipients(spring), office.campaign(spring)["performance"], till.claimed(spring))
    office.client.document("campaigns", spring).update({"followed": None})
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: till.follow(timedelta(0)), range(3)))

    assert (office.recipients(spring), office.campaign(spring)["performance"], till.claimed(spring)) == first
