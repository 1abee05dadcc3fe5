"""Signatures and secrets of webhooks: the raw body, nothing forged, and off without a secret."""

import hashlib
import hmac

import pytest

from lib.domain.errors import Unauthenticated
from lib.vendors.errors import SwitchedOff
from lib.vendors.webhooks import require_hex_signature, require_shared_secret

BODY = b'{"event":  "order.created"}'
GOOD = hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("signature", [GOOD, GOOD.upper(), f" {GOOD} "])
def test_the_right_signature_is_accepted(signature: str) -> None:
    require_hex_signature("acme", "s3cret", BODY, signature)


@pytest.mark.parametrize("signature", [None, "", "0" * 64, GOOD[:-1], GOOD + "0", "sha256=" + GOOD, "é" * 64])
def test_any_other_is_refused(signature: str | None) -> None:
    with pytest.raises(Unauthenticated):
        require_hex_signature("acme", "s3cret", BODY, signature)


def test_every_bit_of_the_body_counts() -> None:
    for position in range(len(BODY)):
        altered = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
        with pytest.raises(Unauthenticated):
            require_hex_signature("acme", "s3cret", altered, GOOD)


@pytest.mark.parametrize("secret", [None, "", "  "])
def test_without_a_secret_it_is_off(secret: str | None) -> None:
    forged = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    with pytest.raises(SwitchedOff) as raised:
        require_hex_signature("acme", secret, BODY, forged)
    assert raised.value.reason == "missing_secret"
    with pytest.raises(SwitchedOff):
        require_shared_secret("acme", secret, "")


def test_a_shared_secret() -> None:
    require_shared_secret("acme", "s3cret", "s3cret")
    for given in (None, "", "s3cre", "s3crett", "S3CRET", "sécret"):
        with pytest.raises(Unauthenticated):
            require_shared_secret("acme", "s3cret", given)
