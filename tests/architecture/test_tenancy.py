"""No code reaches around an org's handle, and the check that says so would notice."""

from pathlib import Path

import pytest

from tests.architecture.tenancy import ACROSS_ORGS, findings

GOOD_IN_STORE = [
    "org.document('accruals', order_id)",
    "self._org.collection('redemptions').where(filter=f)",
    "org.ledger(customer_id).document(document_id(entry.seq))",
    "OrgStore(org_id).document('settings', 'loyalty')",
    "org.client.get_all(references)",
    "transaction.get([org.customer(customer_id)])",
]
BAD_IN_STORE = [
    "database().collection('customers')",
    "org.client.document('customers', customer_id)",
    "client.collection_group('ledger')",
    "self._client.document(path)",
    "self._org.client.collection('tenants')",
    "snapshot.reference.parent.document('other')",
    "firestore.Client().collection('customers')",
    "(org if org else client).document('x')",
    "tenants.list_documents()",
]
GOOD_OUTSIDE = [
    "store.of_order(transaction, org, order_id)",
    "from lib.store.org import OrgStore",
    "document = transaction.get([org.customer(customer_id)])[0]",
]
BAD_OUTSIDE = [
    "org.collection('redemptions')",
    "OrgStore(org_id).document('receipts', key)",
    "from google.cloud import firestore",
    "import google.cloud.firestore_v1",
    "from google.cloud.firestore import Client",
    "from firebase_admin import firestore",
]


def modules(root: Path) -> list[Path]:
    """Everything that is deployed."""
    return [root / "main.py", *sorted((root / "lib").rglob("*.py")), *sorted((root / "functions").rglob("*.py"))]


def test_every_path_begins_at_an_orgs_handle(root: Path) -> None:
    used, wrong = set(), []
    for path in modules(root):
        in_store = path.parent == root / "lib" / "store"
        for finding in findings(path.read_text(), in_store=in_store):
            excuse = {(path.name, "*"), (path.name, finding.function)} & ACROSS_ORGS.keys() if in_store else set()
            used |= excuse
            if not excuse:
                wrong.append(f"{path.relative_to(root)}:{finding.line} {finding.message}")
    assert wrong == []
    assert used == ACROSS_ORGS.keys(), "an exception that nothing needs any more"


@pytest.mark.parametrize(("lines", "in_store"), [(GOOD_IN_STORE, True), (GOOD_OUTSIDE, False)])
def test_leaves_good_code_alone(lines: list[str], in_store: bool) -> None:
    assert [line for line in lines if findings(line, in_store=in_store)] == []


@pytest.mark.parametrize(("lines", "in_store"), [(BAD_IN_STORE, True), (BAD_OUTSIDE, False)])
def test_flags_every_way_around(lines: list[str], in_store: bool) -> None:
    assert [line for line in lines if not findings(line, in_store=in_store)] == []


def test_names_the_function_and_the_line() -> None:
    (finding,) = findings("\n\ndef peek(client):\n    return client.collection('customers')\n", in_store=True)
    assert (finding.line, finding.function) == (4, "peek")
