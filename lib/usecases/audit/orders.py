"""The audit's other big part: every order against its accrual record, and orders that nobody has recorded."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from lib.domain.invariants.accruals import ACCRUAL_SHAPE
from lib.domain.invariants.orders import State, check_due, check_order_of, check_version, claim_of
from lib.domain.invariants.redemptions import REDEMPTION_SHAPE, check_returned
from lib.domain.invariants.report import Findings
from lib.domain.invariants.shapes import misshapen
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page, work_pages


class OrderAudit:
    """Checks one page of an org's orders at a time; safe for several threads.

    Orders written less than `settle` before the audit's moment are left out: their events may still be on the way.
    """

    def __init__(self, reader: AuditReader, settle: timedelta) -> None:
        self._reader = reader
        self._settled_at = reader.at - settle
        self._org_id = reader.org.org_id

    def check(self, page: Page) -> Findings:
        """Orders that name this org in `orgId`, against what they have granted."""
        findings = Findings()
        settled = [order for order in page if self._is_settled(order)]
        findings.checked["orders"] += len(settled)
        findings.left_out["orders just written"] += len(page) - len(settled)
        accruals = self._reader.documents("accruals", [order.id for order in page])
        findings.matched["accruals"] += sum(accrual.fields.get("counted") is True for accrual in accruals.values())
        suspicious: dict[str, Findings] = {}
        for order in settled:
            accrual = accruals.get(order.id)
            if accrual and misshapen(accrual, ACCRUAL_SHAPE):
                continue  # Reported with the customer it names.
            if accrual:
                findings.found(check_version(order, accrual))
            due = Findings()
            due.found(check_due(self._org_id, order, accrual))
            if due.violations:
                suspicious[order.id] = due
        self._excuse_reviewed(suspicious, findings)
        return findings

    def unnamed(self) -> Iterator[Page]:
        """Pages of orders that seem to be this org's and to earn, and that nobody has told so yet."""
        for page in self._reader.orders_without_org():
            yield [order for order in page if claim_of(order.fields).state is State.EARNING]

    def check_returned(self, page: Page) -> Findings:
        """Redemptions that still keep points from their customer, against the orders they are for."""
        findings = Findings()
        sound = [redemption for redemption in page if not misshapen(redemption, REDEMPTION_SHAPE)]
        orders = self._reader.orders_by_id({redemption.fields["orderId"] for redemption in sound})
        for redemption in sound:
            order = orders.get(redemption.fields["orderId"])
            if order and self._is_settled(order) and claim_of(order.fields).state is State.RETURNED:
                findings.found(check_returned(redemption))
        return findings

    def check_again(self, order_ids: Sequence[str]) -> Findings:
        """The orders of these ids, both ways: against their records, and their records against them."""
        findings = self.check([order for order in self._reader.orders_by_id(order_ids).values() if self._is_own(order)])
        records = self._reader.documents("accruals", order_ids).values()
        findings.add(self._check_orders_of([record for record in records if record.fields.get("counted") is True]))
        return findings

    def _is_own(self, order: Document) -> bool:
        return order.fields.get("orgId") in (None, "", self._org_id)

    def check_orphaned(self, met: Findings) -> None:
        """Adds to `met`, the findings of all the org's orders, what counts although its order is gone or another's.

        Whose records are not all met with their orders are read as a whole, but for those whose order's deletion a
        person already has to look at.
        """
        missing = self._reader.count_where("accruals", counted=True) - met.matched["accruals"]
        if missing != self._reader.count_where("inbox", reason="order_deleted", status="open"):
            work_pages(self._reader.pages_where("accruals", counted=True), self._check_orders_of, met)

    def _check_orders_of(self, page: Page) -> Findings:
        orders = self._reader.orders_by_id([accrual.id for accrual in page])
        suspicious: dict[str, Findings] = {}
        for accrual in page:
            orphaned = Findings()
            orphaned.found(check_order_of(self._org_id, accrual, orders.get(accrual.id)))
            if orphaned.violations:
                suspicious[accrual.id] = orphaned
        findings = Findings()
        self._excuse_reviewed(suspicious, findings)
        return findings

    def _is_settled(self, order: Document) -> bool:
        return order.updated_at is None or order.updated_at <= self._settled_at

    def _excuse_reviewed(self, suspicious: dict[str, Findings], findings: Findings) -> None:
        """An order that waits in the inbox for a person is no violation."""
        items = self._reader.documents("inbox", [f"order:{order_id}" for order_id in suspicious])
        waiting = {item.fields.get("orderId") for item in items.values() if item.fields.get("status") == "open"}
        for order_id, due in suspicious.items():
            if order_id in waiting:
                findings.left_out["orders waiting in the inbox"] += 1
            else:
                findings.add(due)
