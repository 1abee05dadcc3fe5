"""Ids derived from what they stand for, so that doing the same thing twice meets the same document."""

import hashlib
import json
from typing import Any, TypeGuard
from urllib.parse import quote

from lib.domain.errors import InvalidInput

# Firestore allows 1,500 bytes; the dashboard's own limit for an org id is 128 characters without a slash.
_MAX_ID_BYTES = 1500
_MAX_ORG_LENGTH = 128
_MAX_PART_LENGTH = 300


def is_id(value: object) -> TypeGuard[str]:
    """Whether `value` can be a document id: no slash, not `.`, `..` or `__reserved__`, not too long, and text that
    UTF-8 can carry (JSON can hold half a surrogate pair, Firestore cannot)."""
    if not isinstance(value, str) or not value or "/" in value:
        return False
    if value in (".", "..") or (value.startswith("__") and value.endswith("__")):
        return False
    try:
        return len(value.encode()) <= _MAX_ID_BYTES
    except UnicodeEncodeError:
        return False


def check_id(value: object, *, pointer: str) -> str:
    """`value` as a document id, or InvalidInput naming the field (see is_id)."""
    if not isinstance(value, str) or not value:
        raise InvalidInput("must be a non-empty string", pointer=pointer)
    if not is_id(value):
        raise InvalidInput("is not a valid document id", pointer=pointer)
    return value


def is_org_id(value: object) -> TypeGuard[str]:
    """Whether `value` can name an organisation: a document id of at most 128 characters."""
    return is_id(value) and len(value) <= _MAX_ORG_LENGTH


def check_org_id(value: object, *, pointer: str = "/orgId") -> str:
    """`value` as an organisation id, at most 128 characters."""
    org_id = check_id(value, pointer=pointer)
    if len(org_id) > _MAX_ORG_LENGTH:
        raise InvalidInput("is longer than 128 characters", pointer=pointer)
    return org_id


def id_part(value: str) -> str:
    """`value`, which others chose, as one part of a document id of ours (`{org}_{part}`): letters, digits and `-.~@:+`
    stay, the rest is percent-encoded, also `_` so that parts stay apart. Long ones become a hash."""
    part = quote(value, safe="-.~@:+", errors="surrogatepass").replace("_", "%5F")
    return part if len(part) <= _MAX_PART_LENGTH else derived_id(value)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text. Floats and NaN do not belong in it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON: what an idempotency key remembers of its input."""
    return _sha256(value)


def derived_id(*parts: str) -> str:
    """A 32-character id for these parts; parts cannot run into each other ("a","bc" is not "ab","c")."""
    return _sha256(list(parts))[:32]


def _sha256(value: Any) -> str:
    # A caller's key may hold half a surrogate pair; it is still a key.
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
