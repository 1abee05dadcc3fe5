"""What campaigns have come to: followed by a schedule, told to staff.

What a call needs is loaded when it is made: an instance serves one function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lib.domain.answers import Answer

__all__ = ["follow", "results"]


def follow() -> None:
    """See `following.follow`."""
    from lib.usecases.campaign_results import following

    following.follow()


def results(org_id: str, campaign_id: str) -> Answer:
    """See `telling.results`."""
    from lib.usecases.campaign_results import telling

    return telling.results(org_id, campaign_id)
