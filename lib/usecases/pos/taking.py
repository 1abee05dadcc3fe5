"""Takes over what is new among the records a till has listed; of everything else nothing but a digest is looked at."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

from lib.domain import pulls
from lib.domain.orders import Flaw
from lib.domain.pos import PosCustomer, PosOrder, UnreadableOrder
from lib.platform import clock
from lib.store import pos_pulls, pos_records
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.pos_pulls import Pull
from lib.store.transaction import Transaction

AnyOrder: TypeAlias = PosOrder | UnreadableOrder
Record: TypeAlias = AnyOrder | PosCustomer

_ORDERS_TOGETHER: Final = 50
_WORKERS: Final = 8


class Taking:
    """What one pull takes over of one till. `counts` are of orders and customers: listed, written, and what is wrong
    with them (unknown_status, unreadable, foreign, unidentified); what was wrong before is not counted again."""

    def __init__(self, org: OrgStore, begun: Pull) -> None:
        self._org = org
        self._location_id = begun.location_id
        # Then everything is compared with its document, whatever the marks say.
        self._anew = begun.last_complete_at is None
        self.counts: Counter[str] = Counter(begun.counts)

    def orders(self, listed: Sequence[AnyOrder | None], digests: Mapping[str, str]) -> dict[str, str]:
        """Writes the orders that are new or have changed; the digests of the buckets in which there was any."""
        return self._take(self._identified("orders", listed), digests, self._take_orders)

    def customers(self, listed: Sequence[PosCustomer | None], digests: Mapping[str, str]) -> dict[str, str]:
        """The same for customers."""
        return self._take(self._identified("customers", listed), digests, self._take_customers)

    def _identified(self, noun: str, listed: Sequence[Record | None]) -> list[Record]:
        identified = [record for record in listed if record is not None]
        self.counts[noun] += len(identified)
        self.counts["unidentified"] += len(listed) - len(identified)
        return identified

    def _take(
        self,
        listed: Sequence[Record],
        digests: Mapping[str, str],
        take: Callable[[Sequence[Record], Mapping[str, str]], None],
    ) -> dict[str, str]:
        buckets: defaultdict[str, dict[str, Record]] = defaultdict(dict)
        for record in listed:
            buckets[record.bucket][record.id] = record
        changed: dict[str, str] = {}
        for bucket, records in buckets.items():
            marks = {record.id: record.mark for record in records.values()}
            digest = pulls.digest(marks)
            if digests.get(bucket) == digest:
                continue
            known = pos_pulls.marks(self._org, self._location_id, bucket)
            if news := [it for it in records.values() if self._anew or known.get(it.id) != it.mark]:
                take(news, known)
                # Only now: what is marked as known has been written.
                pos_pulls.save_marks(self._org, self._location_id, bucket, {**known, **marks}, clock.now())
            changed[bucket] = digest
        return changed

    def _take_orders(self, news: Sequence[Record], known: Mapping[str, str]) -> None:
        readable = [order for order in news if isinstance(order, PosOrder)]
        for start in range(0, len(readable), _ORDERS_TOGETHER):
            self._write_orders(readable[start : start + _ORDERS_TOGETHER])
        self.counts["unknown_status"] += sum(order.unknown_status for order in readable)
        unreadable = [order for order in news if isinstance(order, UnreadableOrder)]
        mended = [order.id for order in readable if pulls.is_of_unreadable(known.get(order.id, ""))]
        if unreadable or mended:
            self._keep(unreadable, mended)

    def _write_orders(self, orders: Sequence[PosOrder]) -> None:
        counts = transactions.run(lambda transaction: pos_records.write_orders(transaction, self._org, orders))
        self.counts["orders_written"] += counts["written"]
        self.counts["foreign"] += counts["foreign"]

    def _keep(self, unreadable: Sequence[UnreadableOrder], mended: Sequence[str]) -> None:
        now = clock.now()

        def work(transaction: Transaction) -> None:
            pos_records.close_unreadable(transaction, self._org, mended, now)
            for order in unreadable:
                pos_records.keep_unreadable(transaction, self._org, order, now)

        transactions.run(work)
        self.counts["unreadable"] += len(unreadable)

    def _take_customers(self, news: Sequence[Record], _: Mapping[str, str]) -> None:
        customers = [customer for customer in news if isinstance(customer, PosCustomer)]
        with ThreadPoolExecutor(_WORKERS) as executor:
            for written in executor.map(self._write_customer, customers):
                self.counts["foreign" if isinstance(written, Flaw) else "customers_written"] += bool(written)

    def _write_customer(self, customer: PosCustomer) -> bool | Flaw:
        settings, now = settings_store.load(self._org), clock.now()
        return transactions.run(
            lambda transaction: pos_records.write_customer(transaction, self._org, customer, settings, now)
        )
