"""Under which settings a customer's standing may have been worked out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.domain.settings_model import DEFAULT_SETTINGS, LoyaltySettings

# A running process goes on with replaced settings for a minute; clocks may differ by another.
_LAG = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Programme:
    """The settings in force and when their documents were last written; `changed_at` is None when there are none.

    `is_first`: they were never written before, so that until then the defaults were in force.
    """

    settings: LoyaltySettings
    changed_at: datetime | None = None
    is_first: bool = False

    def versions_at(self, moment: datetime) -> tuple[LoyaltySettings, ...]:
        """What may have been in force at `moment`. Empty when that is not known: settings may be written by others,
        who keep no history, and a change touches nobody's standing before the next order."""
        if self.changed_at is None or moment > self.changed_at + _LAG:
            return (self.settings,)
        return (self.settings, DEFAULT_SETTINGS) if self.is_first else ()

    def unchanged_since(self, moment: datetime) -> bool:
        """Whether nobody can have been given a tier since `moment` under other versions than `versions_at` names."""
        lag = timedelta() if self.is_first else _LAG
        return self.changed_at is None or moment > self.changed_at + lag
