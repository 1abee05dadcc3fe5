"""The way to an org's Alpine IQ account, and what their errors mean for a comparison."""

from dataclasses import dataclass

from lib.domain.integrations import AlpineIntegration
from lib.domain.reconciliation import Unknown
from lib.platform import secrets
from lib.store import integrations
from lib.store.org import OrgStore
from lib.vendors.alpine_iq.client import BULK, AlpineIq
from lib.vendors.alpine_iq.config import VENDOR, AlpineIqConfig
from lib.vendors.errors import SwitchedOff, VendorError
from lib.vendors.http import Budget


@dataclass(frozen=True, slots=True)
class Connection:
    """A configured account: its settings and a client with a budget."""

    integration: AlpineIntegration
    client: AlpineIq


def connect(org: OrgStore) -> Connection:
    """The org's account; one read, no request.

    Raises SwitchedOff with the reason: `not_configured`, `invalid_configuration`, `no_key`, or the vendor's.
    """
    integration = integrations.alpine_iq(org)
    if isinstance(integration, str):
        raise SwitchedOff(VENDOR, "switched off for this org", reason=integration)
    return connected(org, integration, BULK)


def connected(org: OrgStore, integration: AlpineIntegration, budget: Budget) -> Connection:
    """The same for settings that have been read already."""
    key = secrets.alpine_iq_key(org.org_id)
    if key is None:
        raise SwitchedOff(VENDOR, "switched off: no key for this org", reason="no_key")
    document = {"apiKey": key, "uid": integration.account_id, "baseUrl": secrets.alpine_iq_base_url()}
    return Connection(integration, AlpineIq(AlpineIqConfig.from_document(document), budget=budget))


def unknown(error: VendorError) -> Unknown:
    """What an error says of a customer: nothing."""
    return Unknown(error.reason or error.kind.value)
