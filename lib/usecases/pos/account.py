"""A till's account with Alleaves, from the location's document and the deployment's addresses."""

from lib.platform import clock, secrets
from lib.store.directory import Till
from lib.vendors.alleaves.client import Alleaves
from lib.vendors.alleaves.config import AlleavesConfig

PROVIDER = "alleaves"
"""`posConfig.provider` of the locations concerned."""


def open_account(till: Till) -> Alleaves:
    """A client; its token is shared by all of this process. Raises SwitchedOff without user name, password or pin.

    Where it is, the deployment says (ALLEAVES_BASE_URL): a document that did could have the password sent elsewhere.
    """
    credentials = {name: till.config.get(name) for name in ("username", "password", "pin")}
    address = {"baseUrl": secrets.alleaves_base_url()}
    return Alleaves(AlleavesConfig.from_document({**credentials, **address}), now=clock.now)
