"""Codes of the short links in texts: which message a click belongs to, in 34 characters that cannot be made up.

A code leads to the address that its message holds and to nothing else, so that our host cannot be made to send anybody
to a page of somebody's choice.
"""

import base64
import hashlib
import hmac
import re

from lib.domain.unsubscribe import SigningKeys

_MESSAGE_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"(?P<id>[A-Za-z0-9_-]{22})(?P<signature>[A-Za-z0-9_-]{12})")
# 72 bits: a guess costs a request.
_SIGNATURE_BYTES = 9
# So that no other token signed with the same key can be taken for a code.
_CONTEXT = b"click:"


def make_code(message_id: str, keys: SigningKeys) -> str:
    """The code of a message. Raises ValueError for what is no id of ours (32 hexadecimal digits)."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("not the id of a message")
    return _encoded(bytes.fromhex(message_id)) + _signature(message_id, keys.secrets[keys.current])


def read_code(code: str, keys: SigningKeys) -> str | None:
    """The message's id; None for a code that we have not made. Never raises."""
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    message_id = base64.urlsafe_b64decode(f"{found['id']}==").hex()
    # The last character of an encoded id has bits to spare; only one spelling is ours.
    if _encoded(bytes.fromhex(message_id)) != found["id"]:
        return None
    given = found["signature"]
    genuine = [hmac.compare_digest(given, _signature(message_id, secret)) for secret in keys.secrets.values()]
    return message_id if any(genuine) else None


def _signature(message_id: str, secret: bytes) -> str:
    digest = hmac.new(secret, _CONTEXT + message_id.encode(), hashlib.sha256).digest()
    return _encoded(digest[:_SIGNATURE_BYTES])


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
