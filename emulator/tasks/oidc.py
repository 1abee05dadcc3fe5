"""The tokens by which a target knows that a queue calls: OIDC ID tokens, unsigned as all tokens of the local stack are.

Their claims are those of a Google-signed token of a service account. A signature would prove nothing here: whoever can
reach the service on this computer can have it sign. A target accepts unsigned tokens only where it was told, by
CLOUD_TASKS_EMULATOR_HOST, to use an emulator.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

ISSUER = "https://accounts.google.com"
LIFETIME_SECONDS = 3600


def mint(email: str, audience: str, now_seconds: int) -> str:
    """A token of the service account for one audience, valid for an hour from now (seconds since 1970 UTC)."""
    # Service accounts have a numeric id of 21 digits beside their email; the same email gives the same one.
    subject = str(10**20 + int.from_bytes(sha256(email.encode()).digest()[:8], "big"))
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "azp": subject,
        "sub": subject,
        "email": email,
        "email_verified": True,
        "iat": now_seconds,
        "exp": now_seconds + LIFETIME_SECONDS,
    }
    return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(claims)}."


def _segment(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
