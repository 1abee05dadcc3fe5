"""The dashboard's documents, as entries of a consent log: claims stay claims, objections stay objections."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lib.domain.consent import (
    Channel,
    ConsentEvent,
    ConsentKind,
    ConsentSource,
    ConsentState,
    Purpose,
    Recipient,
    Refusal,
    applied,
    refusal,
)
from lib.domain.consent_legacy import of_profile, of_suppression, of_unsubscribe, with_profile

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 5, 9, tzinfo=UTC)
UID = "aB3xYz9012aB3xYz9012aB3xYz90"


def marketing(*events: ConsentEvent) -> Refusal | None:
    state = ConsentState()
    for event in events:
        state = applied(state, event)
    return refusal(Recipient("ana@example.com"), state, Purpose.MARKETING)


@pytest.mark.parametrize(
    ("customer_id", "fields", "reason"),
    [
        ("org_1", {}, Refusal.NO_CONSENT),
        ("org_1", {"emailConsent": False}, Refusal.NO_CONSENT),
        ("org_1", {"emailConsent": True}, None),
        ("org_1", {"emailConsent": "true"}, Refusal.NO_CONSENT),
        ("org_1", {"smsConsent": True}, Refusal.NO_CONSENT),
        (UID, {"emailConsent": True}, Refusal.NO_CONSENT),
        ("org_1", {"emailConsent": False, "emailUnsubscribedAt": "2026-01-05T09:00:00Z"}, Refusal.OPTED_OUT),
        # The check-in has switched it on again since; that was not the holder of the mailbox.
        ("org_1", {"emailConsent": True, "emailUnsubscribedAt": "2026-01-05T09:00:00Z"}, Refusal.OPTED_OUT),
        (UID, {"emailUnsubscribedAt": JANUARY}, Refusal.OPTED_OUT),
        ("org_1", {"emailConsent": True, "emailUnsubscribedAt": None}, None),
    ],
)
def test_flags_of_a_profile(customer_id: str, fields: dict[str, Any], reason: Refusal | None) -> None:
    assert marketing(*of_profile(customer_id, fields, Channel.EMAIL, NOW)) == reason


def test_channels_have_flags_of_their_own() -> None:
    (event,) = of_profile("org_1", {"smsConsent": True, "emailConsent": True, "createdAt": JANUARY}, Channel.SMS, NOW)

    assert (event.kind, event.source, event.occurred_at) == (
        ConsentKind.MARKETING_GRANTED,
        ConsentSource.DASHBOARD,
        JANUARY,
    )


@pytest.mark.parametrize(
    ("said", "at"), [("2026-01-05T09:00:00.000Z", JANUARY), (JANUARY, JANUARY), (None, NOW), ("soon", NOW)]
)
def test_an_unsubscribe_is_an_objection_whenever_it_was(said: object, at: datetime) -> None:
    event = of_unsubscribe({"email": "ana@example.com", "unsubscribedAt": said}, NOW)

    assert (event.kind, event.occurred_at) == (ConsentKind.MARKETING_WITHDRAWN, at)
    assert marketing(event) is Refusal.OPTED_OUT


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("complaint", Refusal.COMPLAINED),
        ("Bounce", Refusal.UNDELIVERABLE),
        ("hard_bounce", Refusal.UNDELIVERABLE),
        (None, Refusal.COMPLAINED),
        ("anything", Refusal.COMPLAINED),
    ],
)
def test_a_suppression_stands_whatever_its_reason(said: object, reason: Refusal) -> None:
    assert marketing(of_suppression({"reason": said, "suppressedAt": JANUARY}, NOW)) is reason


def test_no_reading_of_these_documents_lifts_anything() -> None:
    granted = of_profile("org_1", {"emailConsent": True}, Channel.EMAIL, NOW)

    assert not any(event.source.is_holder for event in granted)
    assert marketing(of_unsubscribe({"unsubscribedAt": JANUARY}, NOW), *granted) is Refusal.OPTED_OUT


@pytest.mark.parametrize(
    ("logged", "fields", "reason"),
    [
        ((), {}, Refusal.NO_CONSENT),
        ((), {"emailConsent": False}, Refusal.NO_CONSENT),
        ((), {"emailConsent": True}, None),
        # Consent that was given, and a flag that somebody has switched off.
        ((ConsentSource.CHECK_IN,), {"emailConsent": False}, Refusal.OPTED_OUT),
        ((ConsentSource.REPLY,), {"emailConsent": False}, Refusal.OPTED_OUT),
        ((ConsentSource.CHECK_IN,), {"smsConsent": False}, None),
        ((ConsentSource.CHECK_IN,), {"emailConsent": None}, None),
        ((ConsentSource.CHECK_IN,), {"emailUnsubscribedAt": NOW}, Refusal.OPTED_OUT),
    ],
)
def test_of_log_and_profile_the_strictest_wins(
    logged: tuple[ConsentSource, ...], fields: dict[str, Any], reason: Refusal | None
) -> None:
    state = ConsentState()
    for source in logged:
        state = applied(state, ConsentEvent(ConsentKind.MARKETING_GRANTED, source, JANUARY, JANUARY))
    found = with_profile(state, "org_1", fields, Channel.EMAIL, NOW)
    assert refusal(Recipient("ana@example.com"), found, Purpose.MARKETING) == reason
