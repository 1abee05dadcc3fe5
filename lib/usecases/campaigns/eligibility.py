"""Whether a campaign may go to a customer at all, by what their document says; consent comes after it."""

from lib.domain.audiences import Audience, Exclusions, Kind
from lib.domain.consent import Refusal
from lib.store.audiences import traits_of
from lib.store.readers import Reader

EXCLUDED = "excluded"


def eligible(audience: Audience, excluded: Exclusions, customer_id: str, reader: Reader) -> str:
    """Why there is no message, "" for nothing: somebody left them out, or the profile is none that is written to.

    Of customers named one by one it is also looked whether the rest of what the audience says is true of them; others
    have been found by that.
    """
    traits = traits_of(reader.profile)
    narrowed = audience.kind is Kind.CUSTOM and not audience.includes(customer_id, traits)
    if narrowed or excluded.exclude(customer_id, traits):
        return EXCLUDED
    if reader.recipient.archived:
        return Refusal.ARCHIVED.value
    if reader.recipient.test_account:
        return Refusal.TEST_ACCOUNT.value
    return "" if reader.recipient.address else Refusal.NO_ADDRESS.value
