"""Addresses that stand in messages, and the keys that sign what is in them; from the environment.

LINK_KEYS is JSON, `{"current": "<id>", "keys": {"<id>": "<secret of 16 bytes or more>"}}`. To change the key add one
and make it the current one; the old one stays for as long as links signed with it may lie in a mailbox.
"""

import json
import os
from urllib.parse import quote

from lib.domain.unsubscribe import SigningKeys
from lib.platform import deployment

LINK_KEYS = "LINK_KEYS"


def signing_keys() -> SigningKeys | None:
    """The keys; None without any that can be used: then no link can be made, and no marketing be sent."""
    try:
        read = json.loads(os.environ.get(LINK_KEYS) or "null")
        return SigningKeys({name: secret.encode() for name, secret in read["keys"].items()}, read["current"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def unsubscribe_url(token: str) -> str:
    """The page on which the reader of a message stops them; also takes the one-click POST of RFC 8058."""
    return f"{_public('unsubscribe')}?token={quote(token, safe='')}"


def click_url(code: str) -> str:
    """The short link of a message."""
    return f"{_public('click')}/{code}"


def _public(function: str) -> str:
    """PUBLIC_BASE_URL, where a shop's own host leads to the functions, is shorter in a text; else the function's."""
    base = os.environ.get("PUBLIC_BASE_URL", "").rstrip("/")
    return f"{base}/{function}" if base else deployment.function_url(function)
