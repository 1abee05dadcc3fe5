"""Vendors' events that wait: whose they are, and that those which nobody can work do not hold up the others."""

from datetime import UTC, datetime, timedelta

from google.cloud.firestore import Client

from lib.store import vendor_events

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


def waits(client: Client, path: str, **ago: float) -> None:
    client.document(path).set({"status": vendor_events.RECEIVED, "receivedAt": NOW - timedelta(**ago)})


def test_the_oldest_come_first(firestore: Client) -> None:
    waits(firestore, "tenants/org_a/inbox/second", hours=2)
    waits(firestore, "tenants/org_b/inbox/first", hours=3)
    waits(firestore, "tenants/org_a/inbox/on its way", minutes=1)
    found = list(vendor_events.overdue(NOW - timedelta(minutes=10)))
    assert found == [("org_b", "first"), ("org_a", "second")]


def test_other_peoples_inboxes_and_what_is_past_help_are_left_alone(firestore: Client) -> None:
    waits(firestore, "inbox/at the top", hours=1)
    waits(firestore, "users/ann/inbox/of a shopper", hours=1)
    waits(firestore, "tenants/org_a/shops/north/inbox/deeper", hours=1)
    waits(firestore, "tenants/org_a/inbox/past help", days=20)
    waits(firestore, "tenants/org_a/inbox/ours", hours=1)
    assert list(vendor_events.overdue(NOW)) == [("org_a", "ours")]
