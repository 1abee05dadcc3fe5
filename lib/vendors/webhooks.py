"""Whether a vendor's webhook is genuine: signatures over the raw body and secrets, compared in constant time."""

import hashlib
import hmac

from lib.domain.errors import Unauthenticated
from lib.vendors.errors import SwitchedOff


def require_secret(vendor: str, secret: str | None) -> bytes:
    """The secret's bytes. Raises SwitchedOff without one: an empty key makes signatures that anybody can make."""
    if not secret or not secret.strip():
        raise SwitchedOff(vendor, "its webhook is switched off: no secret is configured", reason="missing_secret")
    return secret.strip().encode()


def require_hex_signature(vendor: str, secret: str | None, body: bytes, signature: str | None) -> None:
    """Return if the signature is the hex HMAC-SHA256 of the body exactly as received.

    Raises SwitchedOff without a secret, Unauthenticated for anything else that does not fit.
    """
    expected = hmac.new(require_secret(vendor, secret), body, hashlib.sha256).hexdigest()
    # As bytes, because of text compare_digest takes ASCII only.
    if not hmac.compare_digest(expected.encode(), (signature or "").strip().lower().encode()):
        raise Unauthenticated("the signature is not valid", reason="invalid_signature")


def require_shared_secret(vendor: str, secret: str | None, given: str | None) -> None:
    """Return if a secret that came along (in the path or as a password) is ours. Raises as above."""
    expected = require_secret(vendor, secret)
    # Of equal length whatever was given, so that the length of ours cannot be measured.
    digests = [hashlib.sha256(value).digest() for value in (expected, (given or "").encode())]
    if not hmac.compare_digest(*digests):
        raise Unauthenticated("the secret is not valid", reason="invalid_secret")
