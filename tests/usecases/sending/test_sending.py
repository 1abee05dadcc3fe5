"""One message after another: what is written down, what arrives, what waits and what never goes."""

import re
from datetime import timedelta

import pytest

from emulator.client import StackClient
from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.domain.messages import State
from lib.domain.unsubscribe import UnsubscribeRequest
from lib.platform import tasks
from lib.usecases import consents, sending
from tests.usecases.sending.desk import MAIL, ON, TEXT, Desk

TEMPLATES = pytest.mark.parametrize("template", [TEXT, MAIL], ids=["sms", "email"])


class TestWhatIsWritten:
    def test_a_text_as_the_dashboard_reads_it(self, desk: Desk) -> None:
        ann = desk.customer("ann")
        desk.client.document("campaigns", "spring").set({"orgId": desk.org_id, "status": "sending"})
        (message,) = desk.send(desk.message(ann, campaign_id="spring"))
        fields = desk.document(message)
        (text,) = desk.arrived()

        assert text["body"] == "Hi Ann, 120 points.\n21+ only. Reply STOP to opt out."
        now = desk.time.now()
        expected = {
            "customerId": ann,
            "customerEmail": "12122000000",
            "orgId": desk.org_id,
            "channel": "sms",
            "direction": "outbound",
            "type": "campaign",
            "subject": None,
            "preview": "Hi Ann, 120 points. 21+ only. Reply STOP to opt out.",
            "status": "sent",
            "sentAt": now,
            "deliveredAt": None,
            "openedAt": None,
            "clickedAt": None,
            "bouncedAt": None,
            "campaignId": "spring",
            "provider": "blackleaf",
            "providerMessageId": text["id"],
            "dedupeKey": message.id,
            "metadata": {},
            "createdAt": now,
            "updatedAt": now,
            "templateId": message.template_id,
            "body": text["body"],
            "purpose": "marketing",
            "state": "sent",
        }
        assert {name: fields[name] for name in expected} == expected

    def test_an_email_as_the_dashboard_reads_it(self, desk: Desk) -> None:
        (message,) = desk.send(desk.message(desk.customer("ann"), MAIL, MessageType.TIER_GAINED))
        fields = desk.document(message)
        (mail,) = desk.arrived()

        assert (fields["customerEmail"], fields["type"], fields["messageType"]) == (
            "ann@example.com",
            "loyalty",
            "tier_gained",
        )
        assert (fields["subject"], fields["provider"], fields["status"]) == ("Ann, hello", "mailjet", "sent")
        assert (mail["subject"], mail["customId"], mail["id"]) == ("Ann, hello", message.id, int(message.provider_id))
        assert mail["text"].startswith("Hi Ann, 120 points.")
        assert "1 Main Street" in mail["html"]

    def test_one_click_leaves_the_address_that_was_written_to(self, desk: Desk) -> None:
        desk.settings(email={**ON, "unsubscribeMailbox": "leave@example.com"})
        desk.send(desk.message(desk.customer("ann"), MAIL))
        (mail,) = desk.arrived()
        header = mail["headers"]["List-Unsubscribe"]
        url, token = re.findall(r"<(https://go\.example/unsubscribe\?token=([^>]+))>", header)[0]
        # RFC 8058 §3.1: these two, the second one exactly so; ours comes first, since many take only one.
        assert mail["headers"] == {
            "List-Unsubscribe": f"<{url}>, <mailto:leave@example.com?subject=unsubscribe>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        assert consents.read_link(token) == UnsubscribeRequest(
            desk.org_id, Channel.EMAIL, "ann@example.com", signed=True
        )
        assert f"Unsubscribe: {url}" in mail["text"]

    def test_a_receipt_has_no_such_header(self, desk: Desk) -> None:
        desk.send(desk.message(desk.customer("ann"), MAIL, MessageType.ORDER_UPDATE))
        assert desk.arrived()[0]["headers"] == {}

    def test_the_dashboard_finds_it_while_it_waits(self, desk: Desk) -> None:
        message = desk.message(desk.customer("ann"), address="+12122000000")
        desk.queue_only(message)
        fields = desk.document(message)
        assert (fields["status"], fields["customerEmail"]) == ("scheduled", "12122000000")

    def test_links_lead_to_the_page_of_the_message(self, desk: Desk) -> None:
        template = SmsTemplate("Hi {{firstName}}: {{link}}")
        (message,) = desk.send(desk.message(desk.customer("ann"), template, link_url="https://shop.example/menu"))
        assert "https://go.example/click/" in message.body
        assert desk.document(message)["linkUrl"] == "https://shop.example/menu"

    @TEMPLATES
    def test_what_one_message_is_billed(
        self, desk: Desk, usage: StackClient, template: SmsTemplate | EmailTemplate
    ) -> None:
        desk.send(desk.message(desk.customer("ann", 1), template))
        message = desk.message(desk.customer("bob", 2), template)
        usage.reset_usage()
        sending.enqueue(desk.queue_only(message))
        desk.time.advance(timedelta(seconds=30))
        desk.queue.deliver()
        billed = usage.usage()
        # Queued and claimed with all it takes to be sure, settled; an e-mail is found first, with others that are due,
        # and its batch is written down.
        reads, writes = (6, 4) if template is TEXT else (11, 5)
        assert (billed["reads"], billed["writes"]) == (reads, writes)


class TestOnce:
    @TEMPLATES
    def test_a_cause_has_one_message(self, desk: Desk, template: SmsTemplate | EmailTemplate) -> None:
        message = desk.message(desk.customer("ann"), template)
        desk.send(message)
        assert desk.queue_only(message) == ()
        for queue in ("sendsms", "sendemail"):
            desk.queue.call(queue, {"orgId": desk.org_id, "messageId": message.id, "delays": 0})
        desk.pass_time(hours=1)
        assert len(desk.arrived()) == 1

    def test_a_task_of_the_wrong_queue_sends_nothing(self, desk: Desk) -> None:
        message = desk.message(desk.customer("ann"), MAIL)
        desk.queue_only(message)
        sending.send_text(desk.org_id, message.id)
        assert (desk.stored(message).state, desk.arrived()) == (State.QUEUED, [])

    @TEMPLATES
    @pytest.mark.parametrize("redelivers", [True, False])
    def test_workers_that_die_after_any_write(
        self, desk: Desk, template: SmsTemplate | EmailTemplate, redelivers: bool
    ) -> None:
        desk.queue.redelivers = redelivers
        sent = 0
        for writes in range(6):
            message = desk.message(desk.customer(f"c{writes}", writes), template, cause=f"c{writes}:1")
            sending.enqueue(desk.queue_only(message))
            desk.time.advance(timedelta(seconds=30))
            desk.killer.arm(writes)
            desk.queue.deliver()
            desk.killer.arm(None)
            desk.pass_time(minutes=20)
            desk.pass_time(minutes=20)
            found, copies = desk.stored(message), len(desk.arrived()) - sent
            sent += copies
            assert (found.state, copies) in {(State.SENT, 1), (State.UNKNOWN, 0), (State.UNKNOWN, 1)}
            # Nothing was written before the claim, and everything is done after four writes.
            assert found.state is State.SENT or writes in (1, 2)

    def test_emails_whose_request_was_never_made_are_sent(self, desk: Desk) -> None:
        given = [desk.message(desk.customer(f"c{number}", number), MAIL) for number in range(5)]
        # A batch begins at the message asked for: at the first of them, all five are claimed for it.
        first = min(desk.queue_only(*given), key=lambda message: message.id)
        sending.enqueue([first])
        desk.time.advance(timedelta(seconds=30))
        desk.queue.redelivers = False
        # Some are claimed when their worker dies.
        desk.killer.arm(3)
        desk.queue.deliver()
        desk.pass_time(minutes=20)
        desk.pass_time(minutes=20)
        assert {desk.stored(message).state for message in given} == {State.SENT}
        assert len(desk.arrived()) == 5


class TestWhen:
    def test_what_was_never_enqueued_is_found(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        message = desk.message(desk.customer("ann"))
        desk.queue_only(message)
        desk.pass_time(minutes=9)
        assert desk.stored(message).state is State.QUEUED
        desk.pass_time(minutes=2)
        assert desk.stored(message).state is State.SENT

    def test_a_document_that_cannot_be_read_holds_nobody_up(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        message = desk.message(desk.customer("ann"))
        desk.queue_only(message)
        sound = desk.document(message)
        earlier = sound["sendAfter"] - timedelta(minutes=1)
        for name, damage in (
            ("a", {"channel": "pigeon"}),
            ("b", {"attempts": None}),
            ("c", {"state": "sending", "leaseUntil": earlier, "messageType": "rumour"}),
            ("d", {"state": "sending", "leaseUntil": earlier, "cause": None}),
        ):
            fields = {**sound, "sendAfter": earlier, **damage}
            desk.client.document("customer_communications", f"{desk.org_id}-{name}").set(fields)
        desk.pass_time(minutes=11)
        assert desk.stored(message).state is State.SENT
        assert capsys.readouterr().err.count("damaged message left alone") == 4

    def test_what_is_further_ahead_than_a_queue_takes_is_found_in_time(self, desk: Desk) -> None:
        later = desk.time.now() + tasks.SCHEDULE_AHEAD_MAX + timedelta(days=1)
        message = desk.message(desk.customer("ann"), send_after=later, good_until=later + timedelta(days=1))
        desk.send(message)
        assert not desk.queue.waiting
        desk.pass_time(days=31, minutes=11)
        assert desk.stored(message).state is State.SENT

    def test_at_night_texts_wait_for_the_morning_of_their_reader(self, desk: Desk) -> None:
        desk.time.advance(timedelta(hours=10))  # 21 in New York, on 1 November 2026
        (message,) = desk.send(desk.message(desk.customer("ann")))
        assert (message.state, message.reason, desk.arrived()) == (State.QUEUED, "waits", [])
        assert desk.queue.due() == [message.send_after]
        desk.time.advance(message.send_after - desk.time.now())
        desk.queue.deliver()
        assert desk.time.now().hour == 13
        assert desk.stored(message).state is State.SENT

    def test_somebody_who_leaves_while_it_waits_gets_nothing(self, desk: Desk) -> None:
        desk.time.advance(timedelta(hours=10))
        (message,) = desk.send(desk.message(desk.customer("ann")))
        desk.opt_out("+12122000000")
        desk.pass_time(hours=14)
        assert (desk.stored(message).reason, desk.arrived()) == ("opted_out", [])

    def test_what_makes_no_sense_any_more_is_not_sent(self, desk: Desk) -> None:
        message = desk.message(desk.customer("ann"))
        desk.queue_only(message)
        desk.pass_time(days=3)
        assert (desk.stored(message).state, desk.stored(message).reason) == (State.SKIPPED, "stale")

    @TEMPLATES
    @pytest.mark.parametrize(("late_by", "state", "reason"), [(0, State.SENT, ""), (1, State.SKIPPED, "stale")])
    def test_a_message_makes_sense_up_to_its_last_moment(
        self, desk: Desk, template: SmsTemplate | EmailTemplate, late_by: int, state: State, reason: str
    ) -> None:
        end = desk.time.now() + timedelta(hours=1)
        message = desk.message(desk.customer("ann"), template, good_until=end, send_after=end)
        sending.enqueue(desk.queue_only(message))
        desk.time.advance(timedelta(hours=1, microseconds=late_by))
        desk.queue.call(
            "sendsms" if template is TEXT else "sendemail",
            {"orgId": desk.org_id, "messageId": message.id, "delays": 0},
        )
        found = desk.stored(message)
        assert (found.state, found.reason, len(desk.arrived())) == (state, reason, 1 - late_by)

    def test_a_second_try_that_would_come_too_late_is_none(self, desk: Desk) -> None:
        desk.texts.fail("status", status=503, times=2)
        ann, end = desk.customer("ann"), desk.time.now() + timedelta(seconds=20)
        (message,) = desk.send(desk.message(ann, kind=MessageType.ORDER_UPDATE, good_until=end))
        assert (message.state, message.send_after > end) == (State.QUEUED, True)
        desk.pass_time(minutes=1)
        assert (desk.stored(message).reason, desk.arrived()) == ("stale", [])

    def test_what_would_be_too_late_in_the_morning_does_not_wait_for_it(self, desk: Desk) -> None:
        desk.time.advance(timedelta(hours=10))  # 21 in New York
        end = desk.time.now() + timedelta(hours=10)
        (message,) = desk.send(desk.message(desk.customer("ann"), kind=MessageType.BIRTHDAY, good_until=end))
        assert (message.state, message.reason) == (State.SKIPPED, "stale")

    def test_a_campaign_too_many_is_dropped_and_a_birthday_waits(self, desk: Desk) -> None:
        ann = desk.customer("ann")
        desk.send(desk.message(ann))
        capped, waits = desk.send(
            desk.message(ann, cause="summer:1"), desk.message(ann, kind=MessageType.BIRTHDAY, cause="2026")
        )
        assert (capped.state, capped.reason) == (State.SKIPPED, "capped")
        assert (waits.state, waits.send_after) == (State.QUEUED, desk.time.now() + timedelta(days=1))
        desk.pass_time(days=1)
        assert desk.stored(waits).state is State.SENT

    def test_two_profiles_of_one_person_get_one_text(self, desk: Desk) -> None:
        sent = desk.send(desk.message(desk.customer("ann", 1)), desk.message(desk.customer("ann_lee", 1)))
        assert sorted((message.state, message.reason) for message in sent) == [
            ("sent", ""),
            ("skipped", "same_address"),
        ]

    def test_an_order_is_told_of_at_night_without_consent_and_above_caps(self, desk: Desk) -> None:
        desk.time.advance(timedelta(hours=12))
        ann = desk.customer("ann", smsConsent=False)
        told = desk.send(*(desk.message(ann, kind=MessageType.ORDER_UPDATE, cause=str(number)) for number in range(3)))
        assert {message.state for message in told} == {State.SENT}
        assert desk.arrived()[0]["body"] == "Hi Ann, 120 points."

    def test_an_account_without_room_puts_texts_off(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lib.usecases.sending.texts.PATIENCE_SECONDS", 0)
        desk.settings(sms={"enabled": True, "perMinute": 2})
        given = [desk.message(desk.customer(f"c{number}", number)) for number in range(4)]
        states = [message.state for message in desk.send(*given)]
        assert states.count(State.SENT) == 2
        assert all(timedelta(0) < at - desk.time.now() < timedelta(minutes=2) for at in desk.queue.due())
        assert len(desk.queue.due()) == 2
        # A task that comes twice takes no turn, and is gone.
        done = next(message for message in given if desk.stored(message).state is State.SENT)
        sending.send_text(desk.org_id, done.id)
        assert len(desk.queue.due()) == 2
