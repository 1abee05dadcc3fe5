"""Since when settings are what they are, where that matters: the tier policy, and the last pause.

The dates stand beside the settings and only we write them: a callable with the change itself, the trigger for what the
dashboard has written. They are no settings: no version counts them, no input can set them, a reset keeps them.
"""

from datetime import datetime

from lib.domain import pauses
from lib.domain.settings_fields import wire_name
from lib.domain.settings_model import DATES, LoyaltySettings


def dates_of(settings: LoyaltySettings) -> dict[str, datetime | None]:
    """The dates under their names in documents."""
    return {wire_name(name): getattr(settings, name) for name in DATES}


def dated(before: LoyaltySettings, after: LoyaltySettings, at: datetime) -> LoyaltySettings:
    """`after`, which takes the place of `before` at an instant (UTC), with its dates."""
    moved = _moved(before, after)
    return after.model_copy(update={name: at if name in moved else getattr(before, name) for name in DATES})


def noted(before: LoyaltySettings, after: LoyaltySettings, current: LoyaltySettings, at: datetime) -> LoyaltySettings:
    """`current` with the dates it should have, given a write at `at` that has put `after` in the place of `before`.

    `current` is what is in force now, after later writes too. Whoever writes without knowing of the dates may have
    dropped them; where the write itself has moved one, it stays. Noting a write again changes nothing. A pause whose
    end was never noted, because its event was lost, ends with the next write of any kind.
    """
    moved = _moved(before, after)
    update: dict[str, datetime | None] = {}
    for name in DATES:
        old, new = getattr(before, name), getattr(after, name)
        candidates = [getattr(current, name)]
        if new is None:
            candidates.append(old)
        if name in moved and new in (None, old):
            candidates.append(at)
        update[name] = max((date for date in candidates if date), default=None)
    found = current.model_copy(update=update)
    began_at = pauses.open_since(found)
    was_missed = began_at is not None and began_at < at and not (before.paused or after.paused or found.paused)
    return found.model_copy(update={"resumed_at": at}) if was_missed else found


def _moved(before: LoyaltySettings, after: LoyaltySettings) -> set[str]:
    """Which dates a change moves."""
    changes = {
        "policy_since": after.tier_policy != before.tier_policy,
        "paused_at": after.paused and not before.paused,
        "resumed_at": before.paused and not after.paused,
    }
    return {name for name, is_so in changes.items() if is_so}
