"""Which org an order belongs to, and which tills there are: what shops are called, looked up across all orgs.

The only place besides `lib/store/org.py` that reads outside one org; it answers with org ids and with locations' tills.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from google.cloud.firestore import Client, FieldFilter

from lib.domain.ids import is_org_id
from lib.domain.orders import OrgNames
from lib.store.client import database
from lib.store.org import UNASSIGNED, OrgStore

# How long a name that was found to lead to an org is taken for granted.
CACHE_SECONDS = 60.0
_CACHED_NAMES_MAX = 10_000
_LOCATIONS_FOUND_MAX = 10
_LOCATION_FIELDS = ("posConfig.storeId", "posConfig.locationId")

_STATUSES_OFF = ("inactive", "disabled", "disconnected")

_lock = threading.Lock()
_found: dict[tuple[Client, str, str], tuple[float, str]] = {}


@dataclass(frozen=True, slots=True)
class Till:
    """A location's point of sale. `config` is its `posConfig`, with user name and password: never to be shown."""

    org_id: str
    location_id: str
    config: Mapping[str, object] = field(repr=False)

    @property
    def account(self) -> str:
        """Tells its account with the provider from others of the org."""
        return str(self.config.get("username"))

    @property
    def number(self) -> str:
        """What the till calls the location, else the location's id."""
        named = self.config.get("storeId") or self.config.get("locationId")
        return str(named) if isinstance(named, str | int) else self.location_id


def org_of(names: OrgNames) -> OrgStore | None:
    """The org that an order names, by the first of its fields that leads to one; None when none does.

    orgId is taken at its word, brandId if such an org exists, then organizationId, dispensaryId, and retailerId if it
    is a location's id or the number that its till is known by. A number that two orgs use leads nowhere.
    """
    org_id = (
        names.org_id
        or (names.brand_id and _remembered("org", names.brand_id))
        or names.organization_id
        or names.dispensary_id
        or (names.retailer_id and _remembered("location", names.retailer_id))
    )
    return OrgStore(org_id) if org_id else None


def org_of_message(message_id: str) -> OrgStore | None:
    """The org of a message, for a link in it that names no org. One read."""
    org_id = _org_id(OrgStore(UNASSIGNED).message(message_id).get(field_paths=["orgId"]).to_dict())
    return OrgStore(org_id) if org_id else None


def exists(org_id: str) -> bool:
    """Whether there is such an org. Four reads where it is not remembered."""
    return _remembered("org", org_id) is not None


def unassigned() -> OrgStore:
    """Where orders of no org that we know are kept."""
    return OrgStore(UNASSIGNED)


def retailers_of(org: OrgStore) -> set[str]:
    """What an order's `retailerId` may call this org's locations: the documents, and the till's numbers for them.

    One read a location. A number that another org uses too is among them: it leads nowhere (see `org_of`).
    """
    locations = org.client.collection("locations").where(filter=FieldFilter("orgId", "==", org.org_id))
    names: set[str] = set()
    for location in locations.stream():
        till = (location.to_dict() or {}).get("posConfig") or {}
        names |= {location.id, *(str(till[name]) for name in ("storeId", "locationId") if till.get(name))}
    return names


def tills(provider: str) -> Iterator[Till]:
    """The tills of this provider, of all orgs, but for those that are marked as switched off. One read a location."""
    locations = database().collection("locations")
    for found in locations.where(filter=FieldFilter("posConfig.provider", "==", provider)).stream():
        fields = found.to_dict() or {}
        org_id, config = _org_id(fields), fields["posConfig"]
        if org_id and config.get("status") not in _STATUSES_OFF:
            yield Till(org_id, found.id, config)


def till(org: OrgStore, location_id: str, provider: str) -> Till | None:
    """This till of the org, None when the location is another's, has no till of this provider or one that is off."""
    fields = org.client.document("locations", location_id).get().to_dict() or {}
    config = fields.get("posConfig")
    if _org_id(fields) != org.org_id or not isinstance(config, dict) or config.get("provider") != provider:
        return None
    return None if config.get("status") in _STATUSES_OFF else Till(org.org_id, location_id, config)


def tills_of(org: OrgStore, provider: str) -> list[Till]:
    """The org's tills of this provider that are not off. One read a location."""
    locations = org.client.collection("locations").where(filter=FieldFilter("orgId", "==", org.org_id))
    found = ((location.id, (location.to_dict() or {}).get("posConfig")) for location in locations.stream())
    return [
        Till(org.org_id, location_id, config)
        for location_id, config in found
        if isinstance(config, dict) and config.get("provider") == provider and config.get("status") not in _STATUSES_OFF
    ]


def _remembered(kind: str, name: str) -> str | None:
    client = database()
    key = (client, kind, name)
    with _lock:
        expires_at, org_id = _found.get(key, (0.0, ""))
    if time.monotonic() < expires_at:
        return org_id
    found = _existing_org(client, name) if kind == "org" else _org_of_location(client, name)
    # What leads nowhere is asked again: the shop may be set up this minute.
    if found:
        with _lock:
            if len(_found) >= _CACHED_NAMES_MAX:
                _found.clear()
            _found[key] = (time.monotonic() + CACHE_SECONDS, found)
    return found


def _existing_org(client: Client, name: str) -> str | None:
    # A live org may lack its tenant document and have settings all the same.
    paths = (("organizations", name), ("tenants", name), ("brands", name), ("tenants", name, "settings", "loyalty"))
    snapshots = client.get_all([client.document(*path) for path in paths], field_paths=["orgId"])
    return name if any(snapshot.exists for snapshot in snapshots) else None


def _org_of_location(client: Client, name: str) -> str | None:
    locations = client.collection("locations")
    named = locations.document(name).get(field_paths=["orgId"])
    if named.exists:
        return _org_id(named.to_dict())
    for field_path in _LOCATION_FIELDS:
        query = locations.where(filter=FieldFilter(field_path, "==", name)).limit(_LOCATIONS_FOUND_MAX)
        org_ids = {_org_id(snapshot.to_dict()) for snapshot in query.stream()} - {None}
        if org_ids:
            return org_ids.pop() if len(org_ids) == 1 else None
    return None


def _org_id(fields: dict[str, object] | None) -> str | None:
    org_id = (fields or {}).get("orgId")
    return org_id if is_org_id(org_id) else None
