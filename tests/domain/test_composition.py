"""Whole messages: what the author wrote, for this customer, with what has to stand at the end."""

import pytest

from lib.domain.composition import Closing, compose_email, compose_sms
from lib.domain.consent import Purpose
from lib.domain.errors import InvalidInput
from lib.domain.message_variables import Value
from lib.domain.sms import Encoding, Wording
from lib.domain.sms_lint import Category

CLOSING = Closing("https://shop.example/u?t=a&b", "1 Main St, Springfield <IL>", "21+ only.")
VALUES: dict[str, Value] = {
    "firstName": "Ana",
    "lastName": "<b>Diaz</b>",
    "loyaltyPoints": 340,
    "orgName": "Corner Shop",
}


def test_a_marketing_text_is_rendered_made_plain_closed_and_counted() -> None:
    sms = compose_sms("{{orgName}}: “{{firstName}}”, {{loyaltyPoints}} points", VALUES, Purpose.MARKETING, Wording())

    assert sms.text == 'Corner Shop: "Ana", 340 points\n21+ only. Reply STOP to opt out.'
    assert sms.closing == "21+ only. Reply STOP to opt out."
    assert (sms.size.encoding, sms.size.segments, sms.findings, sms.missing) == (Encoding.GSM_7, 1, (), ())


def test_a_transactional_text_has_no_closing() -> None:
    assert compose_sms("Ready, {{firstName}}", {}, Purpose.TRANSACTIONAL, Wording()).text == "Ready, there"


def test_words_are_found_wherever_they_come_from_and_never_in_our_own_lines() -> None:
    sms = compose_sms("Hi {{firstName}}", {"firstName": "Kush"}, Purpose.MARKETING, Wording(age="Cannabis, 21+."))

    assert [(it.category, it.found) for it in sms.findings] == [(Category.CANNABIS, "Kush")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [("{% if tier %}x{% endif %}", "empty"), ("á" * 700, "too_long"), ("{{ nothing", "syntax")],
)
def test_a_text_that_cannot_go_is_refused(body: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compose_sms(body, VALUES, Purpose.MARKETING, Wording())

    assert (caught.value.pointer, caught.value.reason) == ("/body", reason)


def test_a_marketing_mail_ends_with_age_address_and_the_way_out() -> None:
    mail = compose_email("Hi {{firstName}}", "Hello\nAna", "<html><body>Hello</body></html>", VALUES, CLOSING)

    assert mail.subject == "Hi Ana"
    assert mail.text == (
        "Hello\nAna\n\n--\n21+ only.\n1 Main St, Springfield <IL>\nUnsubscribe: https://shop.example/u?t=a&b"
    )
    assert mail.html.endswith("</p></body></html>")
    for part in ("21+ only.", "Springfield &lt;IL&gt;", 'href="https://shop.example/u?t=a&amp;b"'):
        assert part in mail.html


def test_an_authors_own_link_is_not_repeated() -> None:
    values: dict[str, Value] = VALUES | {"unsubscribeUrl": CLOSING.unsubscribe_url}
    mail = compose_email("Hi", "Stop: {{unsubscribeUrl}}", '<a href="{{unsubscribeUrl}}">Stop</a>', values, CLOSING)

    assert mail.text.count("https://") == mail.html.count("https://") == 1
    assert "Springfield" in mail.text and "Springfield" in mail.html


def test_a_text_stands_in_for_html_and_stays_text() -> None:
    mail = compose_email("Hi", "Dear {{lastName}},\nhello\n\n<script>", None, VALUES, None)

    assert mail.html == "<p>Dear &lt;b&gt;Diaz&lt;/b&gt;,<br>hello</p><p>&lt;script&gt;</p>"
    assert mail.text == "Dear <b>Diaz</b>,\nhello\n\n<script>"


def test_what_is_missing_is_told_once() -> None:
    mail = compose_email("{{firstName}}", "{{firstName}} {{tier}}", "{{tier}}{{orgName}}", {}, None)

    assert mail.missing == ("firstName", "tier", "orgName")


@pytest.mark.parametrize(
    ("subject", "body", "html", "pointer"),
    [
        ("{{tier}}", "x", None, "/subject"),
        ("x", "{{tier}}", None, "/body"),
        ("x", "x", "{{tier}}", "/htmlBody"),
        ("\u200b", "x", None, "/subject"),
    ],
)
def test_an_empty_part_is_refused(subject: str, body: str, html: str | None, pointer: str) -> None:
    with pytest.raises(InvalidInput, match="empty") as caught:
        compose_email(subject, body, html, {}, CLOSING)
    assert caught.value.pointer == pointer
