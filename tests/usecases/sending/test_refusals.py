"""Who gets nothing and why, what waits because somebody has stopped it, and what strangers cannot make a shop say."""

from typing import Any

import pytest

from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.domain.messages import State
from tests.usecases.sending.desk import MAIL, TEXT, Desk

TEMPLATES = pytest.mark.parametrize("template", [TEXT, MAIL], ids=["sms", "email"])


class TestWhoGetsNothing:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"phone": None, "email": "no-email@alleaves.local"}, "no_address"),
            ({"archived": True, "mergedInto": "x"}, "archived"),
            ({"isTestAccount": True}, "test_account"),
            ({"smsConsent": None, "emailConsent": None}, "no_consent"),
            ({"orgId": "another"}, "unknown_customer"),
        ],
    )
    @TEMPLATES
    def test_profiles(
        self, desk: Desk, fields: dict[str, Any], reason: str, template: SmsTemplate | EmailTemplate
    ) -> None:
        (message,) = desk.send(desk.message(desk.customer("ann", **fields), template))
        assert (message.state, message.reason, desk.arrived()) == (State.SKIPPED, reason, [])
        assert desk.document(message)["statusReason"] == reason
        assert desk.document(message)["status"] == "failed"

    def test_whoever_the_dashboard_has_unsubscribed(self, desk: Desk) -> None:
        ann, bob = desk.customer("ann", 1), desk.customer("bob", 2)
        desk.client.document("email_suppressions/bob@example.com").set({"reason": "complaint"})
        row = {"email": "ann@example.com", "orgId": desk.org_id, "unsubscribedAt": "2026-10-01T00:00:00Z"}
        desk.client.collection("customer_unsubscribes").add(row)
        sent = desk.send(desk.message(ann, MAIL), desk.message(bob, MAIL))
        assert [message.reason for message in sent] == ["opted_out", "complained"]

    def test_whoever_left_by_the_link_whichever_profile_is_written_to(self, desk: Desk) -> None:
        ann, other = desk.customer("ann", 1), desk.customer("other", 2, email="ann@example.com")
        desk.opt_out("ann@example.com", Channel.EMAIL)
        sent = desk.send(*(desk.message(each, MAIL, cause=each) for each in (ann, other)))
        assert {message.reason for message in sent} == {"opted_out"}

    @TEMPLATES
    def test_a_vendor_that_is_switched_off(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, template: SmsTemplate | EmailTemplate
    ) -> None:
        monkeypatch.delenv("BLACKLEAF_KEYS")
        monkeypatch.setenv("MAILJET_KEYS", "{broken")
        (message,) = desk.send(desk.message(desk.customer("ann"), template))
        assert (message.state, message.reason) == (State.SKIPPED, "vendor_off:missing_api_key")

    def test_channels_are_off_until_somebody_switches_them_on(self, desk: Desk) -> None:
        desk.org.document("settings", "messaging").delete()
        desk.settings()
        (text,) = desk.send(desk.message(desk.customer("ann")))
        assert text.reason == "channel_off"

    def test_advertising_by_email_without_keys_for_its_links(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LINK_KEYS")
        (mail,) = desk.send(desk.message(desk.customer("ann"), MAIL))
        assert (mail.reason, desk.arrived()) == ("no_link_keys", [])

    @pytest.mark.parametrize("template", [SmsTemplate("{% if tier %}x{% endif %}"), SmsTemplate("{{ x")])
    def test_words_that_make_no_message(self, desk: Desk, template: SmsTemplate) -> None:
        (message,) = desk.send(desk.message(desk.customer("ann"), template))
        assert message.state is State.FAILED
        assert message.reason in ("template_empty", "template_syntax")

    def test_words_that_nobody_has_kept(self, desk: Desk) -> None:
        (message,) = desk.send(desk.message(desk.customer("ann"), template_id="nowhere"))
        assert (message.state, message.reason) == (State.FAILED, "template_unknown_template")


class TestPauses:
    def test_a_paused_org_waits_and_goes_on(self, desk: Desk) -> None:
        desk.settings(paused=True)
        (message,) = desk.send(desk.message(desk.customer("ann")))
        assert (message.state, message.reason) == (State.QUEUED, "paused")
        desk.settings(paused=False)
        desk.pass_time(minutes=31)
        assert desk.stored(message).state is State.SENT

    def test_a_paused_programme_tells_only_of_orders(self, desk: Desk) -> None:
        desk.loyalty(paused=True)
        ann = desk.customer("ann")
        news, order = desk.send(desk.message(ann), desk.message(ann, kind=MessageType.ORDER_UPDATE, cause="o"))
        assert (news.reason, order.state) == ("paused", State.SENT)

    @pytest.mark.parametrize(("status", "reason"), [("paused", "paused"), ("cancelled", "cancelled"), ("sending", "")])
    def test_a_campaign_that_was_stopped(self, desk: Desk, status: str, reason: str) -> None:
        desk.client.document("campaigns", "spring").set({"orgId": desk.org_id, "status": status})
        (message,) = desk.send(desk.message(desk.customer("ann"), campaign_id="spring"))
        assert message.reason == reason

    def test_a_campaign_that_was_deleted(self, desk: Desk) -> None:
        (message,) = desk.send(desk.message(desk.customer("ann"), campaign_id="spring"))
        assert (message.state, message.reason) == (State.SKIPPED, "cancelled")


class TestStrangers:
    """Customers type their own names; they must not write in the shop's."""

    @pytest.mark.parametrize(
        "name",
        [
            "Ann\r\nBcc: everybody@example.com",
            "{{ loyaltyPoints | plus: 1 }}",
            "{% if true %}x{% endif %}",
            "<script>alert(1)</script>",
            "Win at evil.example/x",
            "A\u202enna\u0000",
        ],
    )
    def test_names_stay_names(self, desk: Desk, name: str) -> None:
        ann = desk.customer("ann", firstName=name)
        text, mail = desk.send(desk.message(ann), desk.message(ann, MAIL))
        assert (text.state, mail.state) == (State.SENT, State.SENT)
        (sent,) = desk.mails.inbox()
        assert "\n" not in sent["subject"]
        assert sent["to"] == "ann@example.com"
        assert "<script" not in sent["html"]
        for said in (text.body, mail.body, sent["subject"]):
            assert "121" not in said
            assert "evil.example" not in said
            assert "\u202e" not in said
            assert not said.startswith("x")
