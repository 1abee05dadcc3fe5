"""Every invariant is found where somebody breaks it by hand in the database, and nothing else is."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from lib.domain.errors import InvalidInput
from lib.domain.invariants.violations import Invariant
from lib.store.client import database
from lib.usecases.audit import AuditReport, audit
from tests.domain.invariants.test_expiries import BROKEN_EXPIRIES
from tests.domain.invariants.test_ledger import BROKEN_LEDGERS, EATEN_OUT_OF_ORDER
from tests.domain.invariants.test_parcels import BROKEN_PARCELS
from tests.usecases.audit_damages import DAMAGES, Case
from tests.usecases.audited_shop import ORG, OTHER_ORG, Shop, open_shop


@pytest.fixture(scope="module")
def shop(firestore_emulator: str) -> Iterator[Shop]:
    """One shop for all tests of a worker; each puts back what it breaks."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        environment.setenv("GOOGLE_CLOUD_PROJECT", f"demo-{uuid.uuid4().hex[:12]}")
        yield open_shop(database())


def found(report: AuditReport) -> list[str]:
    return sorted({f"{violation.invariant} {violation.path}" for violation in report.violations})


def test_a_shop_of_the_product_s_own_making_is_clean(shop: Shop) -> None:
    report = audit()
    assert found(report) == []
    assert report.org_ids == (ORG, OTHER_ORG)
    assert {kind for kind, count in report.findings.checked.items() if count} == {
        "customers", "ledger entries", "accruals", "redemptions", "identities", "spending", "activities", "orders",
        "receipts", "menus", "runs", "shards", "notices", "consents", "consent events", "discrepancies",
        "messages", "occasions", "claims",
    }  # fmt: skip
    assert report.is_clean


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda case: " ".join(case.found))
def test_a_damage_is_found_where_it_is(shop: Shop, damage: Case) -> None:
    with ExitStack() as repairs:
        for path, fields in damage.damage.items():
            repairs.enter_context(shop.broken(shop.named(path), fields))
        assert found(audit()) == sorted(map(shop.named, damage.found))


def test_what_was_broken_has_been_put_back(shop: Shop) -> None:
    assert found(audit(ORG)) == []


def test_no_invariant_is_without_a_damage_that_breaks_it() -> None:
    broken = {found.split()[0] for case in DAMAGES for found in case.found}
    ledgers = (*BROKEN_LEDGERS, *BROKEN_PARCELS, *BROKEN_EXPIRIES)
    broken |= {invariant for _, violations in ledgers for invariant, _ in violations}
    assert {invariant.value for invariant in Invariant} - broken == {EATEN_OUT_OF_ORDER}


def test_one_org_s_damage_is_not_the_other_s(shop: Shop) -> None:
    with shop.broken("{ann}".format_map(shop.paths), {"points": 0}):
        assert not audit(ORG).is_clean
        assert audit(OTHER_ORG).is_clean


def test_orders_just_written_may_wait_for_their_events(shop: Shop) -> None:
    with shop.broken("orders/new", {"orgId": ORG, "status": "completed", "totals": {"total": 5}}):
        report = audit(ORG, settle=timedelta(minutes=5))
    assert report.is_clean
    assert report.findings.left_out["orders just written"] >= 1


def test_an_order_that_waits_in_the_inbox_for_a_person_is_no_violation(shop: Shop) -> None:
    order = {"orgId": ORG, "status": "completed", "totals": {"total": 5}}
    item = {"orderId": "new", "status": "open"}
    with shop.broken("orders/new", order), shop.broken(f"tenants/{ORG}/inbox/order:new", item):
        report = audit(ORG)
    assert report.is_clean
    assert report.findings.left_out["orders waiting in the inbox"] == 1


def test_an_audit_that_checked_nothing_is_not_clean(shop: Shop) -> None:
    report = audit("org_of_nobody")
    assert (report.documents, report.violations, report.is_clean) == (0, [], False)


def test_what_cannot_be_an_org_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInput):
        audit("a/b")
