"""Campaigns whose documents somebody changes, copies or damages underneath, and such as no document holds."""

from datetime import timedelta
from typing import Any

import pytest

from lib.domain.audiences import Audience, Exclusions, Kind
from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput
from lib.domain.message_wording import EmailTemplate
from lib.store import campaign_plans
from lib.usecases import campaign_results
from tests.usecases.campaigns.buying import Till
from tests.usecases.campaigns.office import Office


def people(office: Office, count: int) -> None:
    for number in range(count):
        office.desk.customer(f"c{number}", number)


def half_way(office: Office) -> str:
    """A campaign to nine people that is paused when some of them have been decided about."""
    people(office, 9)
    spring = office.create()
    office.send(spring)
    for _ in range(2):
        queue, payload, _ = office.queue.waiting.popleft()
        office.queue.call(queue, payload)
    office.pause(spring)
    office.wait(hours=1)
    assert 0 < len(office.recipients(spring)) < 9
    return spring


def words_sent(office: Office) -> list[str]:
    return [message["body"] for message in office.messages() if message["sentAt"]]


def copied(office: Office, campaign_id: str, **fields: Any) -> str:
    """Somebody makes a new campaign from the whole document of another."""
    copy_id = f"{campaign_id}-copy"
    office.client.document("campaigns", copy_id).set({**office.campaign(campaign_id), "id": copy_id, **fields})
    return copy_id


class TestScheduledAgain:
    def test_one_that_was_sent_stays_what_it_was(self, office: Office, till: Till) -> None:
        people(office, 2)
        spring = office.create()
        office.send(spring)
        office.settle()
        till.follow()
        before = office.campaign(spring)
        now = office.desk.time.now()
        words = {"sms": {"channel": "sms", "body": "Other words."}}
        edits = {"status": "scheduled", "scheduledAt": now, "content": words, "holdoutPercent": 50}
        office.client.document("campaigns", spring).update(edits)
        assert office.begin_due() == 0
        after = office.campaign(spring)
        assert (after["status"], after["statusReason"]) == ("paused", "wrong_status")
        assert [after[it] for it in ("sentAt", "planId", "runId")] == [
            before[it] for it in ("sentAt", "planId", "runId")
        ]

        assert office.resume(spring)["ok"]
        office.settle()
        till.follow()
        assert office.campaign(spring)["status"] == "sent"
        assert set(office.got().values()) == {1}

    def test_one_that_was_paused_half_way_goes_on_by_its_plan(self, office: Office) -> None:
        spring = half_way(office)
        words = {"sms": {"channel": "sms", "body": "Other words."}}
        edits = {"status": "scheduled", "scheduledAt": office.desk.time.now(), "content": words}
        office.client.document("campaigns", spring).update(edits)
        office.begin_due()
        assert office.resume(spring)["ok"]
        office.settle()
        assert sorted(office.got().values()) == [1] * 9
        assert not any("Other" in said for said in words_sent(office))

    def test_one_that_is_made_a_draft_again_half_way_goes_on(self, office: Office) -> None:
        spring = half_way(office)
        office.client.document("campaigns", spring).update({"status": "draft"})
        assert office.send(spring)["reason"] == "wrong_status"
        assert office.resume(spring)["campaign"]["status"] == "sending"
        office.settle()
        assert sorted(office.got().values()) == [1] * 9


class TestCopies:
    def test_what_is_done_with_a_copy_is_not_done_with_the_original(self, office: Office) -> None:
        spring = half_way(office)
        run_id = office.campaign(spring)["runId"]
        known = len(office.recipients(spring))
        copy = copied(office, spring)
        assert office.resume(copy)["reason"] == "wrong_status"
        assert office.cancel(copy)["ok"]
        office.wait(hours=1)
        assert len(office.recipients(spring)) == known
        assert office.campaign(copy)["runId"] is None

        assert office.resume(spring)["campaign"]["runId"] == run_id
        again = copied(office, spring)
        office.cancel(again)
        office.settle()
        assert len(office.got()) == 9

    def test_a_copy_is_a_campaign_of_its_own(self, office: Office, till: Till) -> None:
        people(office, 2)
        spring = office.create()
        office.schedule(spring)
        office.wait(minutes=61)
        office.begin_due()
        office.settle()
        till.follow()
        till.sell("c0")
        till.follow()
        office.wait(days=2)
        copy = copied(office, spring, status="draft", content={"sms": {"channel": "sms", "body": "Other words."}})
        assert campaign_results.results(office.org_id, copy)["performance"]["sent"] == 0

        answer = office.send(copy)
        assert answer["ok"], answer
        stored = office.campaign(copy)
        assert (stored["completedAt"], stored["results"], stored["progressOf"]) == (None, None, copy)
        office.settle()
        till.follow()
        assert office.campaign(copy)["status"] == "sent"
        assert set(office.got().values()) == {2}
        assert sum("Other words" in said for said in words_sent(office)) == 2

    def test_a_copy_that_is_scheduled_for_the_same_time_sends_its_own_words(self, office: Office) -> None:
        people(office, 1)
        spring = office.create()
        office.schedule(spring)
        copy = copied(office, spring, content={"sms": {"channel": "sms", "body": "Other words."}})
        office.cancel(spring)
        office.wait(minutes=61)
        assert office.begin_due() == 1
        office.settle()
        assert len(office.recipients(copy)) == 1
        assert ["Other words" in said for said in words_sent(office)] == [True]


@pytest.mark.parametrize(
    ("audience", "pointer"),
    [
        (Audience(Kind.ALL, segments=("vip",)), "/audience/segments"),
        (Audience(Kind.CUSTOM, segments=("vip",), customer_ids=frozenset({"ann"})), "/audience/segments"),
        (Audience(Kind.ALL, customer_ids=frozenset({"ann"})), "/audience/customerIds"),
        (Audience(Kind.SEGMENT, segments=("vip",), customer_ids=frozenset({"ann"})), "/audience/customerIds"),
    ],
)
def test_an_audience_does_not_grow_by_what_its_type_leaves_out(
    office: Office, audience: Audience, pointer: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        office.create(audience=audience)
    assert error.value.pointer == pointer


class TestTooMuch:
    @pytest.mark.parametrize("field", ["subject", "body", "htmlBody"])
    def test_a_mail_does_not_go_without_what_is_too_long_of_it(self, office: Office, field: str) -> None:
        people(office, 1)
        words = {
            "channel": "email",
            "subject": "News",
            "body": "Hello",
            "htmlBody": "<p>Hello</p>",
            field: "x" * 100_001,
        }
        mail = office.written("mail", channels=["email"], content={"email": words})
        refused = office.send(mail)
        assert (refused["ok"], refused["reason"]) == (False, "bad_template")
        assert [it["pointer"] for it in refused["problems"]] == [f"/content/email/{field}"]

    def test_more_than_a_campaign_holds(self, office: Office) -> None:
        many = frozenset(f"{'x' * 84}{number:06}" for number in range(10_000))
        letters = EmailTemplate("News", "ü" * 50_000, "ü" * 100_000)
        for audience, excluded, content in (
            (Audience(Kind.CUSTOM, customer_ids=many), Exclusions(), {}),
            (Audience(Kind.ALL), Exclusions(customer_ids=many), {}),
            (
                Audience(Kind.CUSTOM, customer_ids=frozenset(sorted(many)[:7000])),
                Exclusions(),
                {Channel.EMAIL: letters},
            ),
        ):
            with pytest.raises(InvalidInput) as error:
                office.create(audience=audience, excluded=excluded, content=content)
            assert error.value.reason == "too_large"

    def test_who_is_named_twice_counts_twice(self, office: Office) -> None:
        many = frozenset(f"{'x' * 34}{number:06}" for number in range(10_000))
        spring = office.create(
            audience=Audience(Kind.CUSTOM, customer_ids=many), excluded=Exclusions(customer_ids=many)
        )
        assert office.send(spring)["reason"] == "audience_too_large"


def test_nobody_to_send_to(office: Office, till: Till) -> None:
    spring = office.create()
    assert office.send(spring)["ok"]
    office.settle()
    till.follow()
    stored = office.campaign(spring)
    assert (stored["status"], stored["performance"]["totalRecipients"], stored["performance"]["openRate"]) == (
        "sent",
        0,
        0,
    )


def test_a_message_that_cannot_be_read_holds_up_nothing(office: Office, till: Till) -> None:
    people(office, 3)
    spring = office.create()
    office.send(spring)
    while any(queue != "sendsms" for queue, _, _ in office.queue.waiting):
        queue, payload, _ = office.queue.waiting.popleft()
        office.queue.call(queue, payload)
    damaged = next(iter(office.org.messages().stream()))
    office.queue.waiting.remove(next(it for it in office.queue.waiting if it[1]["messageId"] == damaged.id))
    damaged.reference.update({"messageType": "nonsense", "updatedAt": office.desk.time.now()})
    office.desk.time.advance(timedelta(minutes=1))
    office.queue.deliver()
    till.follow()
    assert (office.campaign(spring)["status"], till.results(spring)["performance"]["sent"]) == ("sending", 2)

    till.follow(after=timedelta(days=4))
    assert office.campaign(spring)["status"] == "sent"
    damaged.reference.update({"messageType": "campaign"})


def test_what_is_overdue_is_left_to_a_person_whatever_is_wrong_with_it(office: Office) -> None:
    people(office, 1)
    spring = office.create()
    office.schedule(spring)
    office.org.document("campaign_plans", office.campaign(spring)["planId"]).delete()
    campaign_plans._read.cache_clear()
    office.wait(hours=2)
    assert office.begin_due() == 0
    assert office.campaign(spring)["status"] == "scheduled"
    office.wait(days=1)
    assert office.begin_due() == 0
    stored = office.campaign(spring)
    assert (stored["status"], stored["statusReason"]) == ("paused", "overdue")
