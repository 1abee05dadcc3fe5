"""A request for an effect: what makes doing it twice the same as doing it once."""

from dataclasses import dataclass
from datetime import datetime

from lib.domain.ids import derived_id
from lib.domain.ledger import Actor


@dataclass(frozen=True, slots=True)
class Command:
    """Which function, in which org, by whom, under which key of the caller's, with what input, when.

    `fingerprint` is the hash of the input without the key: the same key with another input is refused.
    """

    function: str
    org_id: str
    actor: Actor
    key: str
    fingerprint: str
    at: datetime

    def id_of(self, noun: str) -> str:
        """The id of the one `noun` this request creates: the same for every repetition."""
        return derived_id(noun, self.org_id, self.function, self.key)
