"""The job `sync`: all of an org's customers, block by block, compared with one export of Alpine IQ's contacts.

A member of the run is a block of customers, named by the id it begins at, and not a customer: a block is read by one
query, compared in memory, and only customers of whom something has changed are touched. So a night in which nothing
has happened costs one read a customer and no write.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lib.domain import alpine_links as link_rules
from lib.domain.alpine_contacts import Contacts
from lib.domain.alpine_links import Link
from lib.domain.errors import FailedPrecondition, NotFound
from lib.domain.reconciliation import Alpine, Calculated, NotAMember, State, Unknown, judged
from lib.platform import clock
from lib.store import alpine_exports, alpine_links
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.alpine_links import Compared
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction
from lib.usecases.reconciliation.comparing import NIGHTLY, By, Outcome, Sync, compare
from lib.usecases.reconciliation.connection import Connection, connect, unknown
from lib.usecases.reconciliation.exporting import BLOCK_CUSTOMERS, exported, read_contact
from lib.vendors.errors import NotFound as NotThere
from lib.vendors.errors import VendorError

OUTDATED_AFTER = timedelta(hours=12)
"""A run that is resumed later than this compares with nothing: what it knows of Alpine IQ is yesterday's."""

_QUIET_A_COMMIT = 100
# Contacts that have gone are asked for one by one, and there may be many of them after a clean-up over there.
_ASKED_A_BLOCK = 20


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The blocks after this one. The first call fetches the export, which takes a request for every 2,000 contacts.

    Raises VendorError: what is retryable is tried again, anything else ends the run with its reason.
    """
    blocks = exported(org, params["export"]).blocks
    return [block for block in blocks if after is None or block > after][:limit]


def visit(org: OrgStore, params: Mapping[str, Any], block: str) -> Mapping[str, int]:
    """Compares the customers of one block. Visited again, it finds what has been done and changes nothing more.

    Billed: one read a customer. For one of whom something has changed and whose sides agree one write, and when it is
    first known by a contact one read and one write more; for every other one what `compare` costs.
    """
    export = alpine_exports.find(org, params["export"])
    if export is None:
        raise NotFound("this export of contacts is gone", reason="export_gone")
    now, connection = clock.now(), connect(org)
    if now - export.fetched_at > OUTDATED_AFTER:
        return {"outdatedBlocks": 1}
    sync = Sync(org, connection.integration, settings_store.load(org), By(params["export"], NIGHTLY, now))
    position = export.blocks.index(block)
    # Customers that have come since are in a block too: the first one and the last one have no ends.
    first = block if position else None
    following = export.blocks[position + 1] if position + 1 < len(export.blocks) else None
    found = alpine_links.block(org, first, following, BLOCK_CUSTOMERS * 2)
    return _Block(sync, connection, alpine_exports.contacts(org, export), export.fetched_at).compare_all(found)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A customer whose sides agree: its document has to say so, and nothing else is to be done."""

    compared: Compared
    alpine: Alpine
    state: State
    link: Link

    @property
    def customer_id(self) -> str:
        return self.compared.customer.id

    @property
    def new_contact_id(self) -> str | None:
        """The contact that the customer has not been known by so far."""
        return self.link.contact_id if self.link.contact_id != self.compared.link.contact_id else None


class _Block:
    """One visit."""

    def __init__(self, sync: Sync, connection: Connection, contacts: Contacts, fetched_at: datetime) -> None:
        self._sync, self._connection = sync, connection
        self._contacts, self._fetched_at = contacts, fetched_at
        self._asked = 0
        self._quiet: list[_Quiet] = []
        self._loud: list[tuple[str, Alpine]] = []
        self._counts: Counter[str] = Counter()

    def compare_all(self, documents: Iterable[Snapshot]) -> Mapping[str, int]:
        """Compares the customers of these documents; what is counted of them."""
        for document in documents:
            compared = alpine_links.decode(self._sync.org, document, self._sync.settings)
            if compared is not None:
                self._counts["customers"] += 1
                self._sort(compared, self._side(compared))
        for start in range(0, len(self._quiet), _QUIET_A_COMMIT):
            self._write(self._quiet[start : start + _QUIET_A_COMMIT])
        for customer_id, alpine in self._loud:
            outcome = compare(self._sync, customer_id, alpine)
            self._counts.update(outcome.counts if outcome else {})
        return self._counts

    def _side(self, compared: Compared) -> Alpine:
        """What Alpine IQ says of the customer; whoever was a member and is not on the list is asked for."""
        match = self._contacts.find(compared.contact_ids, compared.keys)
        if match is not None:
            self._counts["matched"] += 1
            self._counts["duplicates"] += match.others
            return match.contact.side(self._fetched_at)
        link = compared.link
        if link.contact_id is None or link.state is State.NOT_A_MEMBER:
            return NotAMember()
        if self._asked >= _ASKED_A_BLOCK:
            return Unknown("not_on_the_list")
        self._asked += 1
        return ask(self._connection, self._sync, link.contact_id, self._fetched_at)

    def _sort(self, compared: Compared, alpine: Alpine) -> None:
        """Puts the customer where it belongs: done with, only to be written, or to be compared in a transaction."""
        link, calculated = compared.link, Calculated(compared.balances)
        terms, version = self._sync.integration.terms, self._sync.integration.terms_version
        judgement = judged(calculated, alpine, terms, self._sync.at, accepted=link.accepted)
        if judgement.state is State.UNKNOWN or link_rules.is_known(link, alpine, calculated, version):
            is_unknown = judgement.state is State.UNKNOWN
            self._count(State.UNKNOWN if is_unknown else link.state or State.NOT_A_MEMBER)
            self._counts["unchanged"] += 1
        elif judgement.state in (State.AGREED, State.KEPT) and link.state not in (State.OPEN, State.WAITING):
            seq = compared.customer.account.seq
            after = link_rules.linked(link, alpine, calculated, judgement, version, seq, self._sync.at)
            self._quiet.append(_Quiet(compared, alpine, judgement.state, after))
        else:
            self._loud.append((compared.customer.id, alpine))

    def _count(self, state: State) -> None:
        self._counts.update(Outcome.counted(state))

    def _write(self, group: Sequence[_Quiet]) -> None:
        """Writes what is to be said of these customers in one commit. Those who have changed meanwhile, or whose
        contact is somebody else's, are compared one by one."""
        try:
            written = transactions.run(lambda transaction: self._commit(transaction, group))
        except (FailedPrecondition, NotFound):
            written = set()
        for each in group:
            if each.customer_id in written:
                self._count(each.state)
            else:
                self._loud.append((each.customer_id, each.alpine))

    def _commit(self, transaction: Transaction, group: Sequence[_Quiet]) -> set[str]:
        """The customers that were written."""
        org, now = self._sync.org, self._sync.at
        contact_ids = list(dict.fromkeys(each.new_contact_id for each in group if each.new_contact_id))
        found = transaction.get([alpine_links.owner_reference(org, contact_id) for contact_id in contact_ids])
        owners = dict(zip(contact_ids, map(alpine_links.owner, found), strict=True))
        written: set[str] = set()
        for each in group:
            contact_id = each.new_contact_id
            if contact_id and owners[contact_id] is None:
                owners[contact_id] = each.customer_id
                alpine_links.claim(transaction, org, contact_id, each.customer_id, now)
            if contact_id is None or owners[contact_id] == each.customer_id:
                fields = alpine_links.fields(each.compared, each.link, now)
                transaction.update(org.customer(each.customer_id), fields, unchanged_since=each.compared.updated_at)
                written.add(each.customer_id)
        return written


def ask(connection: Connection, sync: Sync, contact_id: str, fetched_at: datetime) -> Alpine:
    """What Alpine IQ says of one contact, by one request."""
    try:
        told = connection.client.contact(contact_id)
    except NotThere:
        return NotAMember()
    except VendorError as error:
        return unknown(error)
    return read_contact(sync.org.org_id, sync.settings, told, None).side(fetched_at)
