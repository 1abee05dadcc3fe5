"""The public menu of an org: kept up to date when settings change, and read by anybody."""

from collections.abc import Mapping
from typing import Any

from lib.domain.errors import NotFound
from lib.domain.menu import public_menu
from lib.store import directory
from lib.store import settings as store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def publish(org_id: str) -> None:
    """Writes the menu that follows from the settings as they are now, unless it is there already.

    It looks at the present state and not at the event that woke it, so events may come twice or out of order.
    """
    org = OrgStore(org_id)
    store.forget(org)

    def work(transaction: Transaction) -> None:
        settings = store.read(transaction, org).settings
        if store.read_menu(transaction, org) != public_menu(settings):
            store.write_menu(transaction, org, settings)

    transactions.run(work)


def public(org_id: str) -> Mapping[str, Any]:
    """The public view of an org's programme: one read where it has been published, else the defaults'.

    Raises NotFound when there is no such org.
    """
    org = OrgStore(org_id)
    published = store.menu(org)
    if published is None and not directory.exists(org_id):
        raise NotFound("no such org", reason="unknown_org")
    return public_menu(store.load(org)) if published is None else published
