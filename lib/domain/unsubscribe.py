"""Links by which the reader of a message stops the messages: tokens, what each may do, and the headers of RFC 8058.

A token is `u1.{key id}.{payload}.{signature}`, signed with HMAC-SHA256 over the text before the last dot. It never
expires: an unsubscribe link has to work for as long as the message lies in a mailbox. The address itself is inside, so
that the link works when every document about its owner is gone; whoever holds the message knows the address anyway.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lib.domain.consent import Channel
from lib.domain.contacts import normalise_email
from lib.domain.ids import canonical_json, is_org_id

_VERSION = "u1"
_TOKEN_LENGTH_MAX = 2000
_KEY_LENGTH_MIN = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
# What ends a header, or an address inside its angle brackets.
_NOT_IN_A_HEADER_URL = re.compile(r"[\s<>,\"\\\x00-\x20\x7f-\uffff]")


@dataclass(frozen=True, slots=True)
class UnsubscribeRequest:
    """Whose messages a token is about.

    `signed` says that we made it. One that anybody could have made may only stop messages: it must not show a
    preference page, name a customer or subscribe again.
    """

    org_id: str
    channel: Channel
    address: str
    signed: bool


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Secrets by key id, and the one that signs. Older ones only verify: take a key away and its links die."""

    secrets: Mapping[str, bytes]
    current: str

    def __post_init__(self) -> None:
        if self.current not in self.secrets:
            raise ValueError("the current key is not among the keys")
        for key_id, secret in self.secrets.items():
            if not _KEY_ID.fullmatch(key_id) or len(secret) < _KEY_LENGTH_MIN:
                raise ValueError("a key needs an id of letters, digits, - or _ and at least 16 bytes of secret")


def make_token(org_id: str, channel: Channel, address: str, keys: SigningKeys) -> str:
    """A token for a normalised address; the same input gives the same token."""
    payload = _encoded(canonical_json([org_id, channel, address]).encode())
    signed = f"{_VERSION}.{keys.current}.{payload}"
    return f"{signed}.{_signature(signed, keys.secrets[keys.current])}"


def read_token(token: str, keys: SigningKeys) -> UnsubscribeRequest | None:
    """Whom a token is about: a signed one of ours, else the dashboard's unsigned one, else None. Never raises."""
    if len(token) > _TOKEN_LENGTH_MAX or not token.isascii():
        return None
    if not token.startswith(f"{_VERSION}."):
        return _read_legacy(token)
    signed, _, signature = token.rpartition(".")
    _, _, rest = signed.partition(".")
    key_id, _, payload = rest.partition(".")
    secret = keys.secrets.get(key_id)
    # The signature's text is compared, not its bytes: base64 has several spellings of the same bytes.
    if secret is None or not hmac.compare_digest(signature, _signature(signed, secret)):
        return None
    return _read_payload(payload)


def list_unsubscribe_headers(url: str, mailto: str | None = None) -> dict[str, str]:
    """The headers of a one-click unsubscribe (RFC 8058 §3.1, RFC 2369 §3.2); DKIM has to sign both.

    `url` takes a GET (a page that asks) and a POST (at once). Raises ValueError unless it is https and plain ASCII.
    """
    if not url.startswith("https://") or _NOT_IN_A_HEADER_URL.search(url):
        raise ValueError("the unsubscribe URL must be https, without spaces, quotes, commas or angle brackets")
    if mailto is not None and (normalise_email(mailto) is None or _NOT_IN_A_HEADER_URL.search(mailto)):
        raise ValueError("the unsubscribe mailbox is not an address")
    targets = [f"<{url}>"] + ([f"<mailto:{mailto}?subject=unsubscribe>"] if mailto else [])
    return {"List-Unsubscribe": ", ".join(targets), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _signature(signed: str, secret: bytes) -> str:
    return _encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def _read_payload(payload: str) -> UnsubscribeRequest | None:
    try:
        org_id, channel, address = json.loads(_decoded(payload))
        request = UnsubscribeRequest(org_id, Channel(channel), address, signed=True)
    except (ValueError, TypeError):
        return None
    return request if isinstance(org_id, str) and isinstance(address, str) else None


def _read_legacy(token: str) -> UnsubscribeRequest | None:
    """The dashboard's token: base64url of `address|orgId`, unsigned, e-mail only."""
    try:
        address, mark, org_id = _decoded(token).decode().rpartition("|")
    except ValueError:
        return None
    email = normalise_email(address)
    if not mark or email is None or not is_org_id(org_id):
        return None
    return UnsubscribeRequest(org_id, Channel.EMAIL, email, signed=False)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Raises ValueError on anything but base64url, with or without padding."""
    text = text.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
