"""Texts as the network counts them, at the edges of every limit, and the lines a marketing text must end with."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.sms import SEGMENTS_MAX, Encoding, Wording, marketing_text, measure, plain

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€\f"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", Encoding.GSM_7, 0, 0),
        ("a" * 160, Encoding.GSM_7, 160, 1),
        ("a" * 161, Encoding.GSM_7, 161, 2),
        ("a" * 306, Encoding.GSM_7, 306, 2),
        ("a" * 307, Encoding.GSM_7, 307, 3),
        ("€" * 80, Encoding.GSM_7, 160, 1),
        ("€" * 81, Encoding.GSM_7, 162, 2),
        # 153 is odd: an escaped sign does not fit into the last septet and moves on.
        ("€" * 153, Encoding.GSM_7, 306, 3),
        ("a" + "€" * 152 + "a", Encoding.GSM_7, 306, 2),
        ("é" * 160, Encoding.GSM_7, 160, 1),
        ("á" * 70, Encoding.UCS_2, 70, 1),
        ("á" * 71, Encoding.UCS_2, 71, 2),
        ("á" * 134, Encoding.UCS_2, 134, 2),
        ("á" * 135, Encoding.UCS_2, 135, 3),
        ("₦" + "a" * 69, Encoding.UCS_2, 70, 1),
        ("😀" * 35, Encoding.UCS_2, 70, 1),
        ("😀" * 36, Encoding.UCS_2, 72, 2),
        # 67 is odd: the second half of a pair does not go into another part than the first.
        ("😀" * 67, Encoding.UCS_2, 134, 3),
    ],
)
def test_a_text_is_counted_as_the_network_does(text: str, encoding: Encoding, units: int, segments: int) -> None:
    size = measure(text)

    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


def test_the_alphabet_is_that_of_3gpp() -> None:
    assert len(_BASIC) == 127, "128 positions, one of which is the escape"
    assert measure(_BASIC).units == 127
    assert measure(_EXTENDED).units == 2 * len(_EXTENDED)
    assert measure(_BASIC + _EXTENDED).encoding is Encoding.GSM_7


def test_signs_that_make_a_text_costly_are_named_once() -> None:
    assert measure("Weißt du – “hi” – 😀").costly == ("–", "“", "”", "😀")


@given(st.text(alphabet=_BASIC + _EXTENDED + "áё😀", max_size=800))
def test_parts_never_need_more_than_their_limits_say_nor_less(text: str) -> None:
    size = measure(text)
    alone, joined = (160, 153) if size.encoding is Encoding.GSM_7 else (70, 67)
    least = (1 if size.units <= alone else math.ceil(size.units / joined)) if text else 0

    assert least <= size.segments <= math.ceil(size.units / (joined - 1))
    assert measure(text + "a").segments >= size.segments


def test_more_than_ten_parts_are_too_long() -> None:
    assert not measure("a" * 153 * SEGMENTS_MAX).too_long
    assert measure("a" * 153 * SEGMENTS_MAX + "a").too_long


def test_typographic_signs_are_made_plain_and_meaning_stays() -> None:
    assert plain("It’s “free” — today…\u00a0ok\u200b 😀 é") == 'It\'s "free" - today... ok 😀 é'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Deals today", "Deals today\n21+ only. Reply STOP to opt out."),
        # Enthusiasm is no instruction.
        ("Don't stop now! 21 deals", "Don't stop now! 21 deals\n21+ only. Reply STOP to opt out."),
        ("Deals. Reply STOP to opt out", "Deals. Reply STOP to opt out\n21+ only."),
        ("Deals, 21+. Txt STOP to end", "Deals, 21+. Txt STOP to end"),
        ("Must be 21. STOP=end\n", "Must be 21. STOP=end"),
        ("$121+ off", "$121+ off\n21+ only. Reply STOP to opt out."),
        ("", "21+ only. Reply STOP to opt out."),
    ],
)
def test_a_marketing_text_ends_with_what_it_does_not_say(body: str, text: str) -> None:
    assert marketing_text(body) == text
    assert marketing_text(text) == text, "adding it twice changes nothing"


def test_retail_has_no_age_line() -> None:
    assert marketing_text("New shoes", Wording(age="")) == "New shoes\nReply STOP to opt out."
