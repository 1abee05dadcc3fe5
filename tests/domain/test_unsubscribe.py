"""Unsubscribe tokens: ours read back, others' refused to the last bit, the dashboard's good for one thing only."""

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.consent import Channel
from lib.domain.unsubscribe import (
    SigningKeys,
    UnsubscribeRequest,
    list_unsubscribe_headers,
    make_token,
    read_token,
)

OLD, NEW = b"an old secret of sixteen", b"a new secret of sixteen bytes"
KEYS = SigningKeys({"2025": OLD, "2026": NEW}, "2026")


def legacy(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@given(
    st.text(min_size=1, max_size=40),
    st.sampled_from(Channel),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
)
def test_what_is_signed_is_read_back(org_id: str, channel: Channel, address: str) -> None:
    org_id = org_id.encode("utf-8", "ignore").decode() or "org"
    token = make_token(org_id, channel, address, KEYS)

    assert read_token(token, KEYS) == UnsubscribeRequest(org_id, channel, address, signed=True)
    assert make_token(org_id, channel, address, KEYS) == token


def test_a_token_altered_by_a_bit_anywhere_is_refused() -> None:
    token = make_token("org", Channel.EMAIL, "ana@example.com", KEYS).encode()
    altered = [
        token[:index] + bytes([token[index] ^ (1 << bit)]) + token[index + 1 :]
        for index in range(len(token))
        for bit in range(8)
    ]

    for each in altered:
        read = read_token(each.decode("latin-1"), KEYS)
        assert read is None or not read.signed


def test_a_token_cut_or_extended_anywhere_is_refused() -> None:
    token = make_token("org", Channel.EMAIL, "ana@example.com", KEYS)

    assert all(read_token(token[:length], KEYS) is None for length in range(len(token)))
    assert all(read_token(token + more, KEYS) is None for more in ("A", "=", "==", ".", " ", "\n"))


def test_keys_rotate_and_a_withdrawn_key_takes_its_links_along() -> None:
    token = make_token("org", Channel.SMS, "+14155552671", SigningKeys({"2025": OLD}, "2025"))

    assert read_token(token, KEYS) == UnsubscribeRequest("org", Channel.SMS, "+14155552671", signed=True)
    assert read_token(token, SigningKeys({"2026": NEW}, "2026")) is None
    assert read_token(token, SigningKeys({"2025": NEW}, "2025")) is None


def test_a_signature_of_one_org_does_nothing_in_another() -> None:
    ours = make_token("org_a", Channel.EMAIL, "ana@example.com", KEYS)
    theirs = make_token("org_b", Channel.EMAIL, "ana@example.com", KEYS)
    mixed = ".".join([*theirs.split(".")[:3], ours.split(".")[3]])

    assert read_token(mixed, KEYS) is None


@pytest.mark.parametrize("value", [{}, [], ["org", "fax", "1"], ["org", "email"], "text", None, 1, [[], "sms", 1]])
def test_a_signed_payload_that_is_none_of_ours_is_refused(value: object) -> None:
    """Whatever else the key may have been used for: two texts and a known channel, or nothing."""
    payload = base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    signed = f"u1.2026.{payload}"
    digest = hmac.new(NEW, signed.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")

    assert read_token(f"{signed}.{signature}", KEYS) is None


@pytest.mark.parametrize("padded", [True, False])
def test_the_dashboards_token_may_only_unsubscribe(padded: bool) -> None:
    token = legacy("Ana@Example.com|org_thrive")

    assert read_token(token if padded else token.rstrip("="), KEYS) == UnsubscribeRequest(
        "org_thrive", Channel.EMAIL, "ana@example.com", signed=False
    )


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "....", "u1", "u1.", "u1.2026.x.y", "u1.nobody.x.y", "%00", "ä", "A" * 3000,
        legacy("no separator"), legacy("no address|org"), legacy("ana@example.com|"), legacy("ana@example.com|a/b"),
        # The welcome mail's broken token encodes a URL.
        legacy("https://shop.example/unsubscribe?email=ana@example.com"),
        legacy("customer_1@alleaves.local|org"), base64.urlsafe_b64encode(b"\xff\xfe|org").decode(),
    ],
)  # fmt: skip
def test_what_is_no_token_is_nobodys(token: str) -> None:
    assert read_token(token, KEYS) is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(token: str) -> None:
    read = read_token(token, KEYS)

    assert read is None or not read.signed


@pytest.mark.parametrize(
    ("secrets", "current"),
    [({}, "a"), ({"a": NEW}, "b"), ({"a": b"short"}, "a"), ({"a.b": NEW}, "a.b"), ({"a": b""}, "a")],
)
def test_keys_that_could_not_protect_anything_are_refused(secrets: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="key"):
        SigningKeys(secrets, current)


def test_the_headers_of_a_one_click_unsubscribe() -> None:
    token = make_token("org", Channel.EMAIL, "ana@example.com", KEYS)

    assert list_unsubscribe_headers(f"https://shop.example/unsubscribe?token={token}", "stop@shop.example") == {
        "List-Unsubscribe": f"<https://shop.example/unsubscribe?token={token}>,"
        " <mailto:stop@shop.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    ("url", "mailto"),
    [
        ("http://shop.example/u", None),
        ("https://shop.example/u\r\nBcc: all@example.com", None),
        ("https://shop.example/u>, <https://evil.example", None),
        ("https://shop.example/a b", None),
        ("https://shop.example/ä", None),
        ("https://shop.example/u", "not an address"),
        ("https://shop.example/u", "a@example.com>\r\nBcc: b@example.com"),
    ],
)
def test_what_would_break_out_of_the_header_is_refused(url: str, mailto: str | None) -> None:
    with pytest.raises(ValueError, match="unsubscribe"):
        list_unsubscribe_headers(url, mailto)
