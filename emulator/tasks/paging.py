"""Pages of a listing: in the order of the names, each page beginning behind the last name of the one before."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterable

from emulator.tasks.errors import invalid_argument


def page(names: Iterable[str], size: int, size_max: int, token: str) -> tuple[list[str], str]:
    """The names of a page and the token of the next one, "" if there is none; size 0 means the largest.

    What comes or goes between two pages moves nothing else. Raises INVALID_ARGUMENT.
    """
    if not 0 <= size <= size_max:
        raise invalid_argument(f"Page size must be between 0 and {size_max}.")
    after = _decoded(token)
    limit = size or size_max
    found = heapq.nsmallest(limit + 1, (name for name in names if name > after))
    if len(found) <= limit:
        return found, ""
    return found[:limit], base64.urlsafe_b64encode(found[limit - 1].encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise invalid_argument("The page token is invalid.") from error
