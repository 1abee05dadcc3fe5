"""Messaging settings: off by default, changed field by field, refused with the place that is wrong."""

from datetime import timedelta
from typing import Any

import pytest

from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput
from lib.domain.frequency import DEFAULT_CAPS, Cap, MessageType
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template, template_id
from lib.domain.messaging import (
    AUTOMATIONS,
    DEFAULT_MESSAGING,
    to_messaging_document,
    updated_messaging,
    validated_messaging,
)
from lib.domain.sms import Wording

BIRTHDAY = {"enabled": True, "sms": {"body": "Happy birthday {{firstName}}! {{bonusPoints}} points."}}


def test_everything_is_off_by_default() -> None:
    assert not any(DEFAULT_MESSAGING.is_on(channel) for channel in Channel)
    assert [DEFAULT_MESSAGING.automation(kind) for kind in AUTOMATIONS] == [None] * len(AUTOMATIONS)
    assert {channel: DEFAULT_MESSAGING.caps(channel) for channel in Channel} == DEFAULT_CAPS
    assert DEFAULT_MESSAGING.wording == Wording()


def test_what_is_written_is_read_back() -> None:
    changed = updated_messaging(DEFAULT_MESSAGING, {"automations": {"birthday": BIRTHDAY}, "ageLine": ""})
    assert validated_messaging(to_messaging_document(changed)) == changed
    assert changed.version != DEFAULT_MESSAGING.version


def test_changes_go_field_by_field_and_lists_whole() -> None:
    first = updated_messaging(DEFAULT_MESSAGING, {"sms": {"enabled": True, "caps": [{"count": 2, "hours": 24}]}})
    second = updated_messaging(first, {"sms": {"perMinute": 600}, "automations": {"birthday": BIRTHDAY}})
    assert (second.sms.enabled, second.sms.per_minute) == (True, 600)
    assert second.caps(Channel.SMS) == (Cap(2, timedelta(days=1)),)
    assert updated_messaging(second, {"automations": {"birthday": None}}).automations == {}


def test_an_automation_has_words_and_can_be_switched() -> None:
    on = updated_messaging(DEFAULT_MESSAGING, {"automations": {"birthday": BIRTHDAY}})
    found = on.automation(MessageType.BIRTHDAY)
    assert found is not None
    assert found.templates == (SmsTemplate(BIRTHDAY["sms"]["body"]),)  # type: ignore[index]
    off = updated_messaging(on, {"automations": {"birthday": {"enabled": False}}})
    assert off.automation(MessageType.BIRTHDAY) is None
    assert off.automations["birthday"].sms == found.sms


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ([], ""),
        ({"colour": 1}, "/colour"),
        ({"paused": "yes"}, "/paused"),
        ({"state": "New York"}, "/state"),
        ({"shopName": "A\r\nBcc: x@example.com"}, "/shopName"),
        ({"sms": {"api": "v3"}}, "/sms/api"),
        ({"sms": {"perMinute": 0}}, "/sms/perMinute"),
        ({"sms": {"optOutLine": " "}}, "/sms/optOutLine"),
        ({"sms": {"optOutLine": "Have a nice day, nonstop."}}, "/sms/optOutLine"),
        ({"email": {"fromName": "Corner\u2028Bcc: x@example.com"}}, "/email/fromName"),
        ({"email": {"fromName": "Corner\x0bShop"}}, "/email/fromName"),
        ({"sms": {"caps": []}}, "/sms/caps"),
        ({"sms": {"caps": [{"count": 0, "hours": 1}]}}, "/sms/caps/0/count"),
        ({"email": {"enabled": True}}, "/email/fromEmail"),
        ({"email": {"enabled": True, "fromEmail": "a@example.com"}}, "/email/postalAddress"),
        ({"email": {"fromEmail": "a@example.com\nBcc: b@example.com"}}, "/email/fromEmail"),
        ({"email": {"unsubscribeMailbox": "nobody"}}, "/email/unsubscribeMailbox"),
        ({"automations": {"easter": BIRTHDAY}}, "/automations/easter"),
        ({"automations": {"birthday": {"enabled": True}}}, "/automations/birthday/enabled"),
        ({"automations": {"birthday": {"sms": {"body": "{{expiresOn}}"}}}}, "/automations/birthday/sms/body"),
        ({"automations": {"birthday": {"sms": {"body": "{% for a in b %}"}}}}, "/automations/birthday/sms/body"),
        (
            {"automations": {"welcome": {"email": {"subject": "a\nb", "body": "c"}}}},
            "/automations/welcome/email/subject",
        ),
        ({"automations": {"welcome": {**BIRTHDAY, "linkUrl": "javascript:x"}}}, "/automations/welcome/linkUrl"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(change: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        updated_messaging(DEFAULT_MESSAGING, change)
    assert refusal.value.pointer == pointer


def test_words_have_one_id_in_each_org() -> None:
    words: list[Template] = [
        SmsTemplate("a"),
        SmsTemplate("a", "https://x.example/a.png"),
        EmailTemplate("a", "b"),
        EmailTemplate("ab", ""),
    ]
    assert len({template_id(org, each) for each in words for org in ("a", "b")}) == 8
    assert template_id("a", SmsTemplate("a")) == template_id("a", SmsTemplate("a"))
