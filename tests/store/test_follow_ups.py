"""What is written about campaigns that are followed: it comes back the same, and says what the dashboard reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from google.cloud.firestore import Client

from lib.domain.campaign_counts import Counts
from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.lift import Sums
from lib.domain.messages import Cause, Message, State
from lib.store import campaign_counts, campaigns, follow_ups, transaction
from lib.store.org import OrgStore

ORG, CAMPAIGN = "org_a", "spring"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MESSAGE = Message(
    ORG, "ann", Channel.SMS, Cause("campaign", "spring:1"), MessageType.CAMPAIGN, "words", NOW, NOW, NOW, reason="why"
)
COUNTS = Counts(9, 8, 7, 6, 5, 4, 3, 2, 1, 12, 345, Sums(9, 2, 10**10, 10**20), Sums(3))


@pytest.fixture
def org(project: str, firestore: Client) -> OrgStore:
    fields = {"orgId": ORG, "name": "Spring", "status": "sending", "sentAt": NOW, "following": True}
    firestore.document("campaigns", CAMPAIGN).set(fields)
    return OrgStore(ORG)


@pytest.mark.parametrize(
    ("state", "status", "reason", "error"),
    [
        (State.QUEUED, "pending", "", None),
        (State.SENDING, "pending", "", None),
        (State.SKIPPED, "failed", "why", "why"),
        (State.UNKNOWN, "failed", "why", "why"),
        (State.FAILED, "failed", "why", "why"),
        (State.SENT, "sent", "", None),
        (State.DELIVERED, "delivered", "", None),
        (State.OPENED, "opened", "", None),
        (State.CLICKED, "clicked", "", None),
        (State.BOUNCED, "bounced", "", "why"),
    ],
)
def test_a_recipient_says_of_its_message_what_the_dashboard_knows(
    state: State, status: str, reason: str, error: str | None
) -> None:
    fields = follow_ups.progress(replace(MESSAGE, state=state, reported={state: NOW}))

    assert (fields["status"], fields["reason"], fields["error"]) == (status, reason, error)
    reported = {name for name in ("deliveredAt", "openedAt", "clickedAt", "bouncedAt") if fields[name] == NOW}
    assert reported == {f"{status}At"} - {"pendingAt", "failedAt", "sentAt"}


def test_counts_come_back_the_same_whatever_the_dashboard_does_to_its_own(org: OrgStore) -> None:
    assert follow_ups.counts_of(campaigns.load(org, CAMPAIGN)) == (Counts(), None)
    (followed,) = follow_ups.followed()
    transaction.run(partial(follow_ups.save, followed=followed, counts=COUNTS, now=NOW))
    performance = org.campaign(CAMPAIGN).get().get("performance")
    assert (performance["revenue"], performance["openRate"], performance["conversions"]) == (3.45, 75.0, 1)
    org.campaign(CAMPAIGN).update({"performance": {"sent": "8"}})
    assert follow_ups.counts_of(campaigns.load(org, CAMPAIGN)) == (COUNTS, NOW)


def test_how_far_it_has_been_followed(org: OrgStore) -> None:
    (first,) = follow_ups.followed()
    assert (first.messages_until, first.orders_until) == (NOW, NOW)
    further = replace(first, messages_until=NOW + timedelta(hours=1))
    transaction.run(partial(follow_ups.save, followed=further, counts=None, now=NOW))
    (second,) = follow_ups.followed()
    assert (second.messages_until, second.orders_until) == (further.messages_until, NOW)
    stored = campaigns.load(org, CAMPAIGN)
    assert (follow_ups.is_ahead(stored, first), follow_ups.is_ahead(stored, further)) == (True, False)
    transaction.run(partial(follow_ups.let_go, org=org, campaign_id=CAMPAIGN))
    assert follow_ups.followed() == []


@pytest.mark.parametrize("fields", [{"orgId": "a/b"}, {"orgId": None}, {"sentAt": "yesterday"}, {"sentAt": None}])
def test_what_cannot_be_followed_is_left_alone(org: OrgStore, fields: dict[str, object]) -> None:
    org.campaign(CAMPAIGN).update(fields)
    assert follow_ups.followed() == []


def test_reasons_are_told_apart_whatever_they_are(org: OrgStore) -> None:
    recipients = org.campaign(CAMPAIGN).collection("recipients")
    for number, reason in enumerate(["", "", "stale", "rejected:30007", "no_consent", "stale", "é"]):
        recipients.document(str(number)).set({"reason": reason})
    assert campaign_counts.reasons(org, CAMPAIGN) == {"no_consent": 1, "rejected:30007": 1, "stale": 2, "é": 1}


def test_amounts_whose_squares_are_beyond_integers_add_up_to_something_possible(org: OrgStore) -> None:
    recipients = org.campaign(CAMPAIGN).collection("recipients")
    for number, cents in enumerate([9_999_999_999, 1, 3_037_000_500]):
        square = cents**2
        bought = {"bought": True, "boughtCents": cents, "boughtSquares": square if square < 2**63 else float(square)}
        recipients.document(str(number)).set({"group": "treated", "first": True, **bought})
    found = campaign_counts.load(org, CAMPAIGN).treated
    assert (found.customers, found.buyers, found.cents) == (3, 3, 13_037_000_500)
    assert found.cents_squared == pytest.approx(9_999_999_999**2 + 1 + 3_037_000_500**2, rel=1e-15)
