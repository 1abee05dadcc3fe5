"""Unsigned ID tokens, as the Firebase Auth emulator issues them and the Admin SDK accepts when told to use one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from emulator.clock import ClockFile

LIFETIME_SECONDS = 3600

_RESERVED = frozenset({"iss", "aud", "sub", "iat", "exp", "auth_time", "user_id", "firebase"})


def id_token(
    project: str, uid: str, claims: Mapping[str, Any] | None = None, *, now_seconds: float | None = None
) -> str:
    """A token of user `uid` (1 to 128 characters) with custom claims, valid for an hour from `now_seconds` (UTC), the
    stack's present time if None.

    Raises ValueError for a uid or a claim the Auth service would refuse.
    """
    if not 1 <= len(uid) <= 128:
        raise ValueError("uid must have 1 to 128 characters")
    reserved = sorted(_RESERVED & (claims or {}).keys())
    if reserved:
        raise ValueError(f"{reserved[0]} is not a custom claim: tokens have it by themselves")
    issued = int(ClockFile.of_environment().now_micros() // 1_000_000 if now_seconds is None else now_seconds)
    payload = {
        **(claims or {}),
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "iat": issued,
        "auth_time": issued,
        "exp": issued + LIFETIME_SECONDS,
        "firebase": {"identities": {}, "sign_in_provider": "custom"},
    }
    return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(payload)}."


def _segment(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
