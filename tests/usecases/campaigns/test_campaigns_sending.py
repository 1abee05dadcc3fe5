"""Sending a campaign: who is written to, who is not and why, and what is written down of each."""

from typing import Any

import pytest

from lib.domain.audiences import Audience, Exclusions, Kind
from lib.domain.consent import Channel
from lib.domain.holdout import is_held_out
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.usecases import campaigns
from tests.usecases.campaigns.office import TEXT, Office

MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}")


def test_what_is_written_down_and_what_arrives(office: Office) -> None:
    ann = office.desk.customer("ann", 1, segment="vip")
    spring = office.create(
        link_url="https://shop.example/sale", content={Channel.SMS: SmsTemplate("Hi {{firstName}} {{link}}")}
    )
    answer = office.send(spring)
    office.settle()

    assert answer["campaign"]["status"] == "sending"
    (text,) = office.desk.arrived()
    assert text["to"] == office.desk.phone(1)
    assert text["body"].startswith("Hi Ann https://go.example/click/")
    (message,) = office.messages()
    (recipient,) = office.recipients(spring)
    expected = {
        "campaignId": spring,
        "customerId": ann,
        "orgId": office.org_id,
        "channel": "sms",
        "step": 1,
        "group": "treated",
        "first": True,
        "status": "pending",
        "reason": "",
        "error": None,
        "messageId": message["id"],
        "email": "ann@example.com",
        "phone": f"+{office.desk.phone(1)}",
        "firstName": "Ann",
        "segment": "vip",
    }
    assert {name: recipient[name] for name in expected} == expected
    assert (message["campaignId"], message["cause"]) == (spring, {"type": "campaign", "id": f"{spring}:1"})
    stored = office.campaign(spring)
    assert stored["sentAt"] and stored["claimedAt"] and stored["approvedBy"] == "ann"
    assert stored["templateIds"] == {"sms": message["templateId"]}
    assert stored["complianceStatus"] == stored["content"]["sms"]["complianceStatus"] == "passed"
    assert stored["audience"]["resolvedCount"] == 1
    assert office.totals(spring) == {"visited": 1, "recipients": 1, "treated": 1, "queued": 1}


def test_who_cannot_be_written_to_is_on_record_with_the_reason(office: Office) -> None:
    desk = office.desk
    desk.customer("ann", 1)
    desk.customer("archived", 2, archived=True)
    desk.customer("tester", 3, isTestAccount=True)
    desk.customer("silent", 4, smsConsent=False)
    desk.customer("nobody", 5, phone="0000000000")
    desk.customer("left", 6)
    desk.opt_out(f"+{desk.phone(6)}")
    desk.customer("excluded", 7)
    desk.customer("tagged", 8, customTags=["staff"])
    desk.customer("churned", 9, segment="churned")
    office.client.document("customers", "stranger").set(
        {"orgId": "others", "phone": "+12122000099", "smsConsent": True}
    )
    spring = office.create(
        excluded=Exclusions(("churned",), ("staff",), frozenset({f"{office.org_id}_excluded"})),
    )
    office.send(spring)
    office.settle()

    assert office.decided(spring) == {
        ("ann", "sms"): "treated",
        ("archived", "sms"): "archived",
        ("tester", "sms"): "test_account",
        ("silent", "sms"): "no_consent",
        ("nobody", "sms"): "no_address",
        ("left", "sms"): "opted_out",
        ("excluded", "sms"): "excluded",
        ("tagged", "sms"): "excluded",
        ("churned", "sms"): "excluded",
    }
    assert office.got() == {desk.phone(1): 1}
    assert office.totals(spring) == {
        "visited": 9,
        "recipients": 9,
        "treated": 1,
        "queued": 1,
        "skippedArchived": 1,
        "skippedTestAccount": 1,
        "skippedNoConsent": 1,
        "skippedOptedOut": 1,
        "skippedNoAddress": 1,
        "skippedExcluded": 3,
    }


def test_customers_named_one_by_one_are_this_orgs_only(office: Office) -> None:
    ann = office.desk.customer("ann", 1)
    office.client.document("customers", "stranger").set(
        {"orgId": "others", "phone": "+12122000099", "smsConsent": True}
    )
    named = frozenset({ann, "stranger", f"{office.org_id}_gone"})
    spring = office.create(audience=Audience(Kind.CUSTOM, customer_ids=named))
    office.send(spring)
    office.settle()

    assert office.decided(spring) == {("ann", "sms"): "treated"}
    assert office.got() == {office.desk.phone(1): 1}
    assert office.totals(spring)["skippedUnknownCustomer"] == 2


@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        (Audience(Kind.ALL), {"a", "b", "c", "d", "e"}),
        (Audience(Kind.SEGMENT, segments=("vip", "at_risk")), {"a", "b", "c"}),
        (Audience(Kind.SEGMENT, tiers=("gold",)), {"a", "d"}),
        (Audience(Kind.ALL, tags=("dog", "cat")), {"b", "c", "e"}),
        (Audience(Kind.SEGMENT, segments=("vip",), tiers=("gold",)), {"a"}),
        (Audience(Kind.SEGMENT, segments=("vip", "at_risk"), tags=("dog",)), {"b"}),
        (Audience(Kind.SEGMENT, segments=("nobody_is",)), set()),
    ],
)
def test_audiences(office: Office, audience: Audience, reached: set[str]) -> None:
    people: dict[str, dict[str, Any]] = {
        "a": {"segment": "vip", "tier": "gold"},
        "b": {"segment": "vip", "tier": "silver", "customTags": ["dog", "edge"]},
        "c": {"segment": "at_risk", "tier": "silver", "customTags": ["cat"]},
        "d": {"segment": "new", "tier": "gold"},
        "e": {"segment": "new", "customTags": ["cat", "dog"]},
    }
    for number, (name, traits) in enumerate(people.items()):
        office.desk.customer(name, number, **traits)
    shown = campaigns.preview(office.org_id, spring := office.create(audience=audience)).answer
    assert shown["audience"] == {"size": len(reached), "lookedAt": len(reached), "sampled": False}
    office.send(spring)
    office.settle()
    assert office.got() == {office.desk.phone("abcde".index(name)): 1 for name in reached}


class TestTwoChannels:
    def test_each_gets_what_it_may(self, office: Office) -> None:
        desk = office.desk
        desk.customer("both", 1)
        desk.customer("texts", 2, emailConsent=False)
        desk.customer("mails", 3, smsConsent=False)
        desk.customer("none", 4, smsConsent=False, emailConsent=False)
        spring = office.create(content={Channel.SMS: TEXT, Channel.EMAIL: MAIL})
        office.send(spring)
        office.settle()

        assert office.got() == {
            desk.phone(1): 1,
            "both@example.com": 1,
            desk.phone(2): 1,
            "mails@example.com": 1,
        }
        first = [(it["customerId"].rsplit("_")[-1], it["channel"]) for it in office.recipients(spring) if it["first"]]
        assert first == [("both", "sms"), ("mails", "email"), ("none", "sms"), ("texts", "sms")]
        totals = office.totals(spring)
        assert (totals["treated"], totals["queued"], totals["skippedNoConsent"]) == (3, 4, 4)


class TestHoldout:
    def test_who_is_held_out_gets_nothing_and_is_on_record_once(self, office: Office) -> None:
        desk = office.desk
        for number in range(12):
            desk.customer(f"c{number:02}", number, smsConsent=number != 5)
        spring = office.create(holdout_percent=40, content={Channel.SMS: TEXT, Channel.EMAIL: MAIL})
        office.send(spring)
        office.settle()

        out = {number for number in range(12) if is_held_out(office.org_id, f"{office.org_id}_c{number:02}", 40)}
        assert 0 < len(out) < 12
        decided = office.decided(spring)
        held = {who for (who, channel), what in decided.items() if what == "holdout" and channel == "none"}
        assert held == {f"c{number:02}" for number in out}
        assert not {who for who, channel in decided if channel != "none"} & held
        assert not {desk.phone(number) for number in out} & set(office.got())
        pending = [it["status"] for it in office.recipients(spring) if it["group"] == "holdout"]
        assert set(pending) == {"pending"}
        assert office.totals(spring)["holdout"] == len(out)

    def test_who_could_not_be_written_to_is_no_holdout(self, office: Office) -> None:
        out = next(n for n in range(40) if is_held_out(office.org_id, f"{office.org_id}_c{n}", 50))
        office.desk.customer(f"c{out}", 1, smsConsent=False)
        spring = office.create(holdout_percent=50)
        office.send(spring)
        office.settle()

        (recipient,) = office.recipients(spring)
        assert (recipient["channel"], recipient["group"], recipient["reason"]) == ("none", "skipped", "no_consent")
        assert recipient["status"] == "failed"

    def test_is_the_same_in_the_next_campaign(self, office: Office) -> None:
        for number in range(8):
            office.desk.customer(f"c{number}", number)
        first, second = (office.create(holdout_percent=50) for _ in range(2))
        for campaign_id in (first, second):
            office.send(campaign_id)
        office.settle()
        assert office.decided(first) == office.decided(second)


def test_texts_come_due_no_faster_than_the_account_may_send(office: Office) -> None:
    office.desk.settings(sms={"enabled": True, "perMinute": 2})
    for number in range(10):
        office.desk.customer(f"c{number}", number)
    began = office.desk.time.now()
    office.send(office.create())
    while any(queue != "sendsms" for queue, _, _ in office.queue.waiting):
        waiting, office.queue.waiting = list(office.queue.waiting), type(office.queue.waiting)()
        for queue, payload, at in waiting:
            if queue == "sendsms":
                office.queue.waiting.append((queue, payload, at))
            else:
                office.queue.call(queue, payload)
    due = sorted((it["sendAfter"] - began).total_seconds() for it in office.messages())
    assert len(due) == 10
    assert 0 <= due[0] < due[-1] <= 300
    assert len({round(each) for each in due}) > 5
    assert {(it["goodUntil"] - it["sendAfter"]).total_seconds() for it in office.messages()} == {2 * 24 * 3600}
