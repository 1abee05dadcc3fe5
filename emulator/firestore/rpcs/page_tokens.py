"""Page tokens: where the next page begins, as text that clients hand back unread."""

from __future__ import annotations

import base64
import binascii

from emulator.firestore.errors import FirestoreError, invalid_argument


def encode_token(position: bytes) -> str:
    return base64.urlsafe_b64encode(position).decode()


def decode_token(token: str) -> bytes:
    """Raises INVALID_ARGUMENT for what was never a token."""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        raise invalid_token() from None


def invalid_token() -> FirestoreError:
    return invalid_argument("Invalid page token.")
