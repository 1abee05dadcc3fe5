"""Templates: the dashboard's variables, values that stay data, bounds that hold, and errors that say where."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import InvalidInput
from lib.domain.frequency import MessageType
from lib.domain.message_variables import (
    FALLBACKS,
    CustomerFacts,
    Value,
    customer_values,
    made_up_values,
    occasion_variables,
    written_day,
)
from lib.domain.templates import Part, check, problems, render

ANA = customer_values(
    CustomerFacts("Ana", "Diaz", "at_risk", "gold", 123450, 12, 61, 340),
    "Corner Shop",
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{firstName}} {{ lastName }}", "Hi Ana Diaz"),
        ("{{segment}}/{{tier}}", "at risk/gold"),
        ("${{totalSpent}} in {{orderCount}} orders", "$1234.50 in 12 orders"),
        ("{{daysSinceLastVisit}} days, {{loyaltyPoints}} points at {{orgName}}", "61 days, 340 points at Corner Shop"),
        ("{% if loyaltyPoints >= 100 %}yes{% else %}no{% endif %}", "yes"),
        ("{% case tier %}{% when 'gold' %}G{% else %}-{% endcase %}", "G"),
        ("{% assign more = loyaltyPoints | plus: 10 %}{{ more }}", "350"),
        ("{{ firstName | upcase | truncate: 2, '' }}", "AN"),
        ("{% comment %}{{ nothing }}{% endcomment %}{% unless tier %}x{% endunless %}.", "."),
        ("100% {sure} {", "100% {sure} {"),
    ],
)
@pytest.mark.parametrize("part", [Part.SMS, Part.TEXT, Part.HTML, Part.SUBJECT])
def test_variables_of_the_dashboard(source: str, text: str, part: Part) -> None:
    rendered = render(source, part, ANA)

    assert problems(source, part) == ()
    assert (rendered.text, rendered.missing) == (text, ())


@pytest.mark.parametrize("part", Part)
def test_missing_values_have_a_fallback_and_are_told(part: Part) -> None:
    source = "Hi {{firstName}}, {{loyaltyPoints}} points, {{daysSinceLastVisit}} days since {{orgName}}"
    rendered = render(source, part, customer_values(CustomerFacts(), None))

    assert rendered.text == "Hi there, 0 points, a few days since our shop"
    assert rendered.missing == ("firstName", "loyaltyPoints", "daysSinceLastVisit", "orgName")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ firstName | default: 'friend' }}", "friend"),
        ("{% if firstName %}Hi {{firstName}}{% else %}Hello{% endif %}", "Hello"),
        ("{{ firstName | upcase }}", "THERE"),
        ("{% if daysSinceLastVisit > 30 %}long{% else %}short{% endif %}", "short"),
        ("{{ loyaltyPoints | plus: 5 }}", "5"),
    ],
)
def test_authors_can_say_what_stands_for_a_missing_value(source: str, text: str) -> None:
    assert problems(source, Part.SMS) == ()
    assert render(source, Part.SMS, {}).text == text


def test_zero_is_a_value() -> None:
    rendered = render("{{loyaltyPoints | default: 'none'}}", Part.SMS, {"loyaltyPoints": 0})

    assert (rendered.text, rendered.missing) == ("0", ())


HOSTILE = "<script>alert('x')</script>\"&"


def test_html_escapes_values_and_nothing_else() -> None:
    rendered = render('<b title="{{lastName}}">{{lastName}}</b>', Part.HTML, {"lastName": HOSTILE})

    assert "<script" not in rendered.text
    assert rendered.text.startswith('<b title="&lt;script&gt;')
    assert rendered.text.count('"') == 2
    assert render("{{lastName}}", Part.SMS, {"lastName": HOSTILE}).text == HOSTILE


@pytest.mark.parametrize("source", ["{{ lastName | safe }}", "{{ lastName | escape | safe }}"])
def test_there_is_no_way_around_the_escaping(source: str) -> None:
    assert [it.reason for it in problems(source, Part.HTML)] == ["unknown_filter"]


@pytest.mark.parametrize("part", Part)
def test_values_are_not_templates(part: Part) -> None:
    value = "{{ orgName }}{% assign firstName = 'x' %}"

    assert "our shop" not in render("{{segment}}", part, {"segment": value}).text
    assert render("{{segment}}", Part.SMS, {"segment": value}).text == value


@given(st.text(max_size=400))
def test_a_value_is_one_line_of_visible_signs(value: str) -> None:
    text = render("Hi {{segment}}!", Part.SUBJECT, {"segment": value}).text

    assert len(text) <= 310
    assert text.splitlines() in ([text], [])
    assert not any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029\u200b\u202e\u2066" for sign in text)


@pytest.mark.parametrize("value", ["Ana\r\nBcc: all@example.com", "Ana\nBcc: all@example.com", "Ana\x00\u2028Bcc: x"])
def test_a_value_cannot_add_a_header(value: str) -> None:
    text = render("Hello {{segment}}", Part.SUBJECT, {"segment": value}).text

    assert text.startswith("Hello Ana")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\x00", "\x0b", "\u2028", "\x85"])
def test_a_subject_of_two_lines_is_refused(mark: str) -> None:
    assert [it.reason for it in problems(f"Hello{mark}Bcc: x", Part.SUBJECT)] == ["line_break"]
    assert problems(f"Hello{mark}Bcc: x", Part.TEXT) == ()


@pytest.mark.parametrize(
    "name", ["Win at evil.example", "http://evil.example", "www.evil.example", "Claim bit.ly/x", "Ana evil.com"]
)
def test_a_name_that_is_an_address_is_no_name(name: str) -> None:
    rendered = render("Hi {{firstName}}", Part.SMS, {"firstName": name})

    assert (rendered.text, rendered.missing) == ("Hi there", ("firstName",))


@pytest.mark.parametrize("name", ["J.R.", "Mary-Jane", "O'Neil", "St. John", "Zoë", "李", "Dr. Ana"])
def test_names_of_people_are_names(name: str) -> None:
    assert render("{{firstName}}", Part.SMS, {"firstName": name}).text == name


@pytest.mark.parametrize(
    ("source", "reason", "line", "column"),
    [
        ("Hi {{ firstName", "syntax", 1, 4),
        ("Hi\n{% if tier %}x", "syntax", 2, 15),
        ("Hi\n  {{ tier | }}", "syntax", 2, 3),
        ("a\n{% assign x %}", "syntax", 2, 1),
        ("a\nb {{ fristName }}", "unknown_variable", 2, 6),
        ("{{ customer.email }}", "unknown_variable", 1, 4),
        ("{% if tier %}{{ nope }}{% endif %}", "unknown_variable", 1, 17),
        ("{{ firstName | append: 'x' }}", "unknown_filter", 1, 16),
        ("{% if tier %}{{ tier | replace: 'a', 'b' }}{% endif %}", "unknown_filter", 1, 24),
        ("{% for i in (1..99999999) %}x{% endfor %}", "syntax", 1, 4),
        ("{% include 'settings' %}", "syntax", 1, 4),
        ("{% render 'settings' %}", "syntax", 1, 4),
        ("{% capture x %}{% endcapture %}", "syntax", 1, 4),
        ("{% raw %}{{ x }}{% endraw %}", "syntax", 1, 1),
        ("{{ firstName | truncate: 'x' }}", "render", 1, 1),
        ("  \n ", "empty", 1, 1),
        ("Hi \ud800", "not_text", 1, 1),
        ("x" * 2001, "too_long", 1, 1),
    ],
)
def test_a_bad_template_is_refused_with_its_place(source: str, reason: str, line: int, column: int) -> None:
    found = problems(source, Part.SMS)

    assert [(it.reason, it.line, it.column) for it in found] == [(reason, line, column)]


def test_all_unknown_variables_are_told_in_order() -> None:
    assert [it.message for it in problems("{{b}} {{a}} {{firstName}} {{b}}", Part.SMS)] == [
        "there is no variable 'b'",
        "there is no variable 'a'",
        "there is no variable 'b'",
    ]


def test_an_error_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="line 1, column 4: there is no variable 'x'") as caught:
        check("{{ x }}", Part.SMS, pointer="/content/sms/body")

    assert (caught.value.pointer, caught.value.reason) == ("/content/sms/body", "unknown_variable")
    check("{{ firstName }}", Part.SMS, pointer="/content/sms/body")


@pytest.mark.parametrize("kind", MessageType)
def test_an_occasion_adds_its_variables(kind: MessageType) -> None:
    extra = occasion_variables(kind)
    source = " ".join(f"{{{{{name}}}}}" for name in sorted(extra))

    assert problems(source, Part.SMS, extra) == ()
    assert {it.reason for it in problems(source, Part.SMS)} == {"unknown_variable"}
    assert not extra & FALLBACKS.keys()


@pytest.mark.parametrize(
    "source",
    [
        "{{" * 40_000, "{{ a " * 20_000, "{%" * 40_000, "{{" + " " * 90_000, "{{" + " " * 90_000 + "}}",
        "{% if tier %}" * 7_000, "{{firstName" + " | upcase" * 10_000 + "}}", "{% comment %}" * 1_000,
        "{% raw %}" * 10_000, "{{" + "[" * 50_000 + "}}", "{{'" + "a" * 90_000 + "'}}",
        "{% if tier" + " and tier" * 10_000 + " %}", ("{{" + " " * 29 + "}}") * 3_000, "{{tier" + " " * 30 + "}}",
    ],
    ids=lambda source: source[:16],
)  # fmt: skip
def test_what_would_keep_the_machine_busy_is_refused_unread(source: str) -> None:
    """Some of these take the library minutes; the time limit of the tests is what would tell."""
    assert [it.reason for it in problems(source, Part.HTML)] == ["syntax"]


@pytest.mark.parametrize("value", ["n" * 10_000, "ß" * 300, 10**300])
def test_the_result_is_bounded(value: Value) -> None:
    source = "{{segment}}" * 180

    assert [it.reason for it in problems(source, Part.SMS)] == ["render"]
    with pytest.raises(InvalidInput, match="limit"):
        render(source, Part.SMS, {"segment": value})


@given(st.text(st.sampled_from("{}%| 'firstName:if end-\n"), max_size=60))
def test_what_passes_the_check_renders_for_everybody(source: str) -> None:
    if problems(source, Part.SMS) == ():
        for values in ({}, ANA, dict.fromkeys(FALLBACKS, "x")):
            render(source, Part.SMS, values)


def test_a_date_reads_like_one() -> None:
    assert written_day(date(2026, 3, 8)) == "March 8"


def test_made_up_values_are_like_a_customers_own() -> None:
    given = {"firstName": "Ana", "totalSpent": 1234.5, "orderCount": 3.0, "segment": None, "bonusPoints": 50}
    made_up = made_up_values(given, MessageType.BIRTHDAY)
    source = "{{firstName}} ${{totalSpent}} {{orderCount}} {{segment}}{{bonusPoints}}"
    assert render(source, Part.SMS, made_up).text == "Ana $1234.50 3 50"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("bonusPoints", 5, "unknown_variable"),
        ("unsubscribeUrl", "https://evil.example", "unknown_variable"),
        ("link", "https://evil.example", "unknown_variable"),
        ("loyaltyPoints", "five", "not_a_number"),
        ("loyaltyPoints", True, "not_a_number"),
        ("totalSpent", float("nan"), "not_a_number"),
        ("totalSpent", float("inf"), "not_a_number"),
        ("orderCount", 10**12, "not_a_number"),
        ("firstName", 5, "not_text"),
        ("tier", {"a": 1}, "not_text"),
    ],
)
def test_a_made_up_value_that_cannot_be_one_is_refused(name: str, value: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        made_up_values({name: value}, MessageType.CAMPAIGN)
    assert (caught.value.pointer, caught.value.reason) == (f"/{name}", reason)


@pytest.mark.parametrize("name", ["Inf", "-Infinity", "NaN", "1e999"])
@pytest.mark.parametrize("filters", ["plus: 1", "minus: true", "at_least: 5", "upcase | at_most: 3"])
def test_a_name_that_is_read_as_a_number_is_no_accident(name: str, filters: str) -> None:
    try:
        assert render(f"{{{{ firstName | {filters} }}}}", Part.SMS, {"firstName": name}).text
    except InvalidInput as error:
        assert error.reason == "render"
