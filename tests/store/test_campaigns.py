"""Campaign documents as many writers leave them: read for what they mean, written back without losing anything."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore import Client

from lib.domain.audiences import Audience, Kind
from lib.domain.campaigns import Campaign, Status
from lib.domain.consent import Channel
from lib.domain.errors import InvariantBroken, NotFound
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.store import campaigns, recipients
from lib.store import transaction as transactions
from lib.store.org import OrgStore

NOW = datetime(2026, 11, 3, 18, tzinfo=UTC)
BY_DASHBOARD: dict[str, Any] = {
    "orgId": "org_a",
    "createdBy": "u1",
    "threadId": "t1",
    "name": "Spring",
    "goal": "winback",
    "status": "approved",
    "channels": ["email", "sms", "pigeon"],
    "audience": {"type": "segment", "segments": ["at_risk"], "estimatedCount": 12, "note": "kept"},
    "content": {
        "email": {"channel": "email", "subject": "S", "body": "B", "htmlBody": "<p>H</p>", "preheader": "kept"},
        "sms": {"channel": "sms", "body": "T"},
    },
    "performance": {"sent": 0},
    "createdAt": NOW,
    "updatedAt": NOW,
}


def stored(firestore: Client, **fields: Any) -> Campaign:
    firestore.document("campaigns/spring").set({**BY_DASHBOARD, **fields})
    return campaigns.load(OrgStore("org_a"), "spring")


def test_the_dashboards_own(firestore: Client) -> None:
    found = stored(firestore)
    assert found.status is Status.APPROVED
    assert found.channels == (Channel.SMS, Channel.EMAIL)
    assert found.audience == Audience(Kind.SEGMENT, segments=("at_risk",))
    assert found.content == {Channel.SMS: SmsTemplate("T"), Channel.EMAIL: EmailTemplate("S", "B", "<p>H</p>")}
    assert (found.holdout_percent, found.attribution_hours, found.step, found.version) == (0, 72, 1, 0)
    assert not found.has_begun
    assert not found.has_plan


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"status": "unheard_of"}, {"status": Status.DRAFT}),
        ({"status": None, "name": 7, "goal": ["x"]}, {"status": Status.DRAFT, "name": "7", "goal": ""}),
        ({"audience": "everybody"}, {"audience": Audience(Kind.CUSTOM)}),
        ({"audience": {"type": "all", "segments": ["vip"]}}, {"audience": Audience(Kind.ALL)}),
        (
            {"audience": {"type": "custom", "customFilter": {"customerIds": ["a", "a", "x/y", 5, ""]}}},
            {"audience": Audience(Kind.CUSTOM, customer_ids=frozenset({"a"}))},
        ),
        ({"content": {"sms": {"body": ["x"]}}}, {"content": {Channel.SMS: SmsTemplate("")}}),
        ({"content": None, "channels": "sms"}, {"content": {}, "channels": ()}),
        ({"holdoutPercent": 51, "attributionHours": 0}, {"holdout_percent": 0, "attribution_hours": 72}),
        ({"holdoutPercent": True, "attributionHours": float("nan")}, {"holdout_percent": 0, "attribution_hours": 72}),
        ({"holdoutPercent": 10.0, "attributionHours": 720}, {"holdout_percent": 10, "attribution_hours": 720}),
        ({"scheduledAt": "2026-11-03T18:00:00Z"}, {"scheduled_at": NOW}),
        ({"templateIds": {"sms": "x", "email": 5}}, {"template_ids": {Channel.SMS: "x"}}),
    ],
)
def test_fields_that_hold_something_else(firestore: Client, fields: dict[str, Any], read: dict[str, Any]) -> None:
    found = stored(firestore, **fields)
    assert {name: getattr(found, name) for name in read} == read


def test_what_is_not_ours_is_kept(firestore: Client) -> None:
    org = OrgStore("org_a")
    stored(firestore)
    transactions.run(lambda tx: campaigns.save(tx, org, campaigns.get(tx, org, "spring")))
    after = firestore.document("campaigns/spring").get().to_dict() or {}
    assert {name: after[name] for name in BY_DASHBOARD if name not in ("audience", "content")} == {
        name: value for name, value in BY_DASHBOARD.items() if name not in ("audience", "content")
    }
    assert after["audience"] == {**BY_DASHBOARD["audience"]}
    assert after["content"] == BY_DASHBOARD["content"]
    assert after["version"] == 1
    assert not {"scheduledAt", "sentAt", "completedAt", "complianceStatus"} & after.keys()


def test_another_orgs_is_not_there_and_not_written(firestore: Client) -> None:
    found, others = stored(firestore), OrgStore("org_b")
    with pytest.raises(NotFound):
        campaigns.load(others, "spring")
    with pytest.raises(InvariantBroken):
        transactions.run(lambda tx: campaigns.save(tx, others, found))


def test_what_is_due(firestore: Client) -> None:
    for name, status, scheduled_at in [
        ("past", "scheduled", NOW),
        ("later", "scheduled", NOW.replace(hour=19)),
        ("draft", "draft", NOW),
        ("sent", "sent", NOW),
    ]:
        firestore.document("campaigns", name).set({"orgId": "org_a", "status": status, "scheduledAt": scheduled_at})
    firestore.document("campaigns/stray").set({"orgId": "a/b", "status": "scheduled", "scheduledAt": NOW})
    assert list(campaigns.due(NOW, 10)) == [("org_a", "past")]


def test_a_recipient_of_the_dashboards_is_none_of_ours(firestore: Client) -> None:
    org = OrgStore("org_a")
    document = recipients.reference(org, "spring", "r")
    assert recipients.decode(document.get()) is None
    document.set({"email": "kim@example.com", "status": "sent"})
    with pytest.raises(InvariantBroken):
        recipients.decode(document.get())
