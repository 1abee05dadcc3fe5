"""Codes of short links: made for one message, and refused in any other spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.consent import Channel
from lib.domain.short_links import make_code, read_code
from lib.domain.unsubscribe import SigningKeys, make_token

KEYS = SigningKeys({"new": b"a secret of enough bytes", "old": b"the secret of last year"}, "new")
MESSAGE_IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(MESSAGE_IDS)
def test_a_code_leads_to_its_message(message_id: str) -> None:
    code = make_code(message_id, KEYS)
    assert len(code) == 34
    assert read_code(code, KEYS) == message_id


@given(MESSAGE_IDS, st.integers(0, 33), st.characters(codec="ascii"))
def test_any_other_character_is_refused(message_id: str, position: int, other: str) -> None:
    code = make_code(message_id, KEYS)
    altered = code[:position] + other + code[position + 1 :]
    assert read_code(altered, KEYS) == (message_id if altered == code else None)


def test_a_code_altered_by_a_bit_anywhere_is_refused() -> None:
    code = make_code("0123456789abcdef" * 2, KEYS).encode()
    for index in range(len(code)):
        for bit in range(8):
            altered = code[:index] + bytes([code[index] ^ 1 << bit]) + code[index + 1 :]
            assert read_code(altered.decode("latin-1"), KEYS) is None


@given(st.text(max_size=40))
def test_reading_never_raises(code: str) -> None:
    assert read_code(code, KEYS) is None


def test_older_keys_still_read_and_unknown_ones_do_not() -> None:
    old = make_code("0" * 32, SigningKeys({"old": b"the secret of last year"}, "old"))
    assert read_code(old, KEYS) == "0" * 32
    assert read_code(old, SigningKeys({"new": b"a secret of enough bytes"}, "new")) is None


def test_an_unsubscribe_token_is_no_code() -> None:
    assert read_code(make_token("org", Channel.EMAIL, "ann@example.com", KEYS), KEYS) is None


@pytest.mark.parametrize("message_id", ["", "x" * 32, "0" * 31, "A" * 32])
def test_only_our_ids_have_codes(message_id: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        make_code(message_id, KEYS)
