"""Who is left out of campaigns, so that what a campaign has brought about can be told from what would have happened.

The choice is a hash of the organisation and the customer: nobody keeps a list, it is the same in every campaign of the
organisation, and a larger share contains a smaller one. Somebody who is left out of one campaign and reached by the
next would carry the first one's absence into the second one's figures; and who is left out must not depend on anything
that buying depends on, which a hash of ids does not.
"""

from lib.domain.ids import derived_id

PERCENT_MAX = 50
"""No campaign leaves out more than half of its audience."""

# Told apart from every other use of a hash of the same ids, so that no other draw goes with this one. Not a secret: who
# knows it can tell who is left out, which harms nobody. To change it is to draw anew.
_SALT = "holdout:1"
_HEX_DIGITS = 16
_RANGE = 1 << 4 * _HEX_DIGITS


def is_held_out(org_id: str, customer_id: str, percent: int) -> bool:
    """Whether a customer is left out where `percent` (0 to 50) of an audience are.

    Every customer has a place between 0 and 1, always the same one; those below the share are left out. Raises
    ValueError for a share that is none.
    """
    if not 0 <= percent <= PERCENT_MAX:
        raise ValueError(f"a holdout is 0 to {PERCENT_MAX} percent, not {percent}")
    place = int(derived_id(_SALT, org_id, customer_id)[:_HEX_DIGITS], 16)
    return place * 100 < percent * _RANGE
