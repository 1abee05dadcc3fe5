"""Following campaigns: what it is billed, and what becomes of turns that die, overlap or do not get through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from emulator.client import StackClient
from lib.domain.messages import State
from lib.store import follow_ups
from lib.usecases.campaign_results import following
from tests.usecases.campaigns.buying import HOUR, Till, sent_at_night, sent_to
from tests.usecases.campaigns.office import Office
from tests.usecases.runs.delivery import Killed


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

    def test_what_is_committed_a_little_after_its_time_is_not_missed(self, office: Office, till: Till) -> None:
        """Whoever writes says when before the commit: a turn may look between the two."""
        spring = sent_to(office, "ann", "bob")
        office.desk.time.advance(HOUR)
        till.follow()
        office.desk.time.advance(timedelta(seconds=-90))
        till.sell("ann", "o")
        till.report("bob", State.DELIVERED)
        till.follow(timedelta(minutes=5))

        assert till.claimed(spring) == {"o": 4200}
        assert till.results(spring)["performance"]["delivered"] == 1

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
