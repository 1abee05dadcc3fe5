"""Phone numbers and e-mail addresses, as found at tills and in documents."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.contacts import (
    is_placeholder_email,
    normalise_email,
    normalise_phone,
    phone_digits,
    phone_last4,
    phone_variants,
)
from lib.domain.countries import COUNTRIES, CountryCode
from tests.domain import strategies

REGIONS = st.sampled_from(sorted(COUNTRIES))


@pytest.mark.parametrize(
    "raw",
    [
        *("+14155552671", "14155552671", "4155552671", "(415) 555-2671", "415-555-2671", "415.555.2671"),
        *("+1 (415) 555-2671", "1-415-555-2671", " 415 555 2671 ", "tel:+1-415-555-2671", "415-555-2671 x12"),
        *("(415)555-2671", "４１５５５５２６７１", 4155552671, 14155552671),
    ],
)
def test_american_numbers(raw: object) -> None:
    assert normalise_phone(raw, "US") == "+14155552671"


@pytest.mark.parametrize(
    "raw",
    [
        *("+2348031234567", "2348031234567", "08031234567", "8031234567", "+23408031234567", "23408031234567"),
        *("0803 123 4567", "+234 (0) 803 123 4567", "+234-803-123-4567", 8031234567),
    ],
)
def test_nigerian_numbers(raw: object) -> None:
    assert normalise_phone(raw, "NG") == "+2348031234567"


def test_a_country_code_beats_the_region() -> None:
    assert normalise_phone("+2348031234567", "US") == "+2348031234567"
    assert normalise_phone("+14155552671", "NG") == "+14155552671"


def test_the_numbers_messages_are_tested_with() -> None:
    assert normalise_phone("+15555550100", "US") == "+15555550100"


@pytest.mark.parametrize(
    "raw",
    [
        *(None, "", "  ", "0", "n/a", "none", "unknown", "911", "5552671", "0000000000", "1111111111", "9999999999"),
        *("1234567890", "5555555555", "555-123-4567", "+1", "+", "415555267", "41555526711", "4155552671/4155552672"),
        *(
            "4155552671" * 5,
            "4155552671" + " " * 31,
            True,
            False,
            4155552671.0,
            [],
            {},
            b"4155552671",
            -4155552671,
            10**50,
            "\ud800",
        ),
    ],
)
@pytest.mark.parametrize("region", ["US", "NG"])
def test_what_is_no_number_in_service(raw: object, region: CountryCode) -> None:
    assert normalise_phone(raw, region) is None


@given(strategies.json_values | st.text(max_size=50) | st.from_regex(r"\+?[\d ()\-.]{5,20}"), REGIONS)
def test_normalising_a_phone_never_fails_and_is_final(raw: object, region: CountryCode) -> None:
    e164 = normalise_phone(raw, region)

    if e164 is not None:
        assert e164.startswith("+")
        assert e164[1:].isdigit()
        assert normalise_phone(e164, region) == e164


def mobile_numbers() -> st.SearchStrategy[tuple[str, CountryCode]]:
    """Numbers that could be in service, with their country."""
    american = st.integers(2_000_000, 9_999_999).map(lambda line: ("+1415" + str(line), "US"))
    nigerian = st.integers(0, 9_999_999).map(lambda line: (f"+234803{line:07}", "NG"))
    return st.one_of(american, nigerian)


@given(mobile_numbers())
def test_every_stored_form_is_a_form_of_the_same_number(number: tuple[str, CountryCode]) -> None:
    e164, region = number
    forms = phone_variants(e164)

    assert forms[0] == e164
    assert len(set(forms)) == len(forms) <= 10
    assert {normalise_phone(form, region) for form in forms} == {e164}


def test_the_forms_found_in_documents() -> None:
    assert phone_variants("+14155552671")[:4] == ("+14155552671", "14155552671", "4155552671", "(415) 555-2671")
    assert phone_variants("+2348031234567")[:4] == ("+2348031234567", "2348031234567", "8031234567", "08031234567")
    assert phone_digits("+14155552671") == "14155552671"
    assert phone_last4("+14155552671") == "2671"


@pytest.mark.parametrize("region", sorted(COUNTRIES))
def test_every_country_has_telephone_numbers(region: str) -> None:
    assert region in phonenumbers.SUPPORTED_REGIONS


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("Ana@Example.com", "ana@example.com"),
        ("  ana+shop@example.com\n", "ana+shop@example.com"),
        ("ANA@EXAMPLE.CO.UK", "ana@example.co.uk"),
        ("ana@xn--bcher-kva.de", "ana@bücher.de"),
        ("Ana@Bücher.de", "ana@bücher.de"),
        ("jose\u0301@example.com", "josé@example.com"),
    ],
)
def test_addresses(raw: str, address: str) -> None:
    assert normalise_email(raw) == address


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "no-email@alleaves.local",
            "customer_5@ALLEAVES.local",
            "x@unknown.local",
            " demo@bakedbot.ai ",
            "@alleaves.local",
        ),
        *(None, "", " ", "ana", "ana@", "@example.com", "ana@example", "ana@@example.com", "ana@exa mple.com"),
        *("Ana <ana@example.com>", "ana@example.com, bo@example.com", "ana@example..com", "ana@localhost"),
        *(
            "ana@example.com" + " " * 240,
            "ana@[127.0.0.1]",
            "a@" + "x" * 300 + ".com",
            5,
            True,
            [],
            {},
            b"ana@example.com",
            "\ud800@example.com",
        ),
    ],
)
def test_what_is_no_address_of_a_customer(raw: object) -> None:
    assert normalise_email(raw) is None


def test_placeholders() -> None:
    assert is_placeholder_email("No-Email@Alleaves.local")
    assert not is_placeholder_email("ana@notalleaves.local")
    assert not is_placeholder_email("ana@bakedbot.ai.example.com")
    assert not is_placeholder_email(None)


@given(strategies.json_values | st.text(max_size=30) | st.emails())
def test_normalising_an_address_never_fails_and_is_final(raw: object) -> None:
    address = normalise_email(raw)

    if address is not None:
        assert normalise_email(address) == address
