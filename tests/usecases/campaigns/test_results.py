"""Results of campaigns: what becomes of their messages, when they are over, and what staff are told."""

from datetime import timedelta

import pytest

from lib.domain.errors import NotFound
from lib.domain.messages import State
from tests.usecases.campaigns.buying import Till, sent_at_night, sent_to
from tests.usecases.campaigns.office import Office


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
