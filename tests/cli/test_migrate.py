"""`./dev migrate`: a preview that writes nothing, --apply, --begin, and what it refuses."""

import json
from typing import Any

import pytest
from google.cloud.firestore import Client

from cli import migrate
from emulator.client import StackClient
from lib.usecases import migration
from lib.usecases.audit import audit
from lib.usecases.orders import record_order
from tests.usecases import legacy_shop as shop
from tests.usecases.counter import Counter

ORG = shop.ORG


@pytest.fixture(autouse=True)
def _legacy(firestore: Client) -> None:
    shop.build(firestore)
    record_order(Counter(firestore).told("theirs"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = 0) -> dict[str, Any]:
    """What the command says as JSON."""
    assert migrate.main(["--org", ORG, "--json", *arguments]) == ends
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_a_preview_then_the_same_for_good_then_nothing_more(
    capsys: pytest.CaptureFixture[str], firestore: Client, usage: StackClient
) -> None:
    usage.reset_usage()
    foreseen = run(capsys)
    assert usage.reset_usage()["writes"] == 0
    done = run(capsys, "--apply", "--balances", "keep")
    assert done["counts"] == foreseen["counts"]
    assert done["changes"] == foreseen["changes"]
    usage.reset_usage()
    again = run(capsys, "--apply", "--balances", "keep")
    assert usage.reset_usage()["writes"] == 0
    assert again["changes"] == []
    assert [str(violation) for violation in audit(ORG).violations] == []


def test_what_a_preview_tells(capsys: pytest.CaptureFixture[str], firestore: Client) -> None:
    firestore.document("customers", f"{ORG}_1002").set({"points": 1})
    firestore.document("customers", "twice").set({"orgId": ORG, "email": "Four@example.com"})
    told = run(capsys, "--balances", "from_orders")
    assert told["skipped"]["alleaves_1005"] == "shared_id"
    assert told["ordersKept"]["walkin"] == "no_customer"
    assert told["duplicates"] == {
        "email": [[f"{ORG}_alleaves_1004", "twice"]],
        "phone": [["household", f"{ORG}_phone_2015550102"]],
        "pos": [[f"{ORG}_1002", f"{ORG}_phone_2015550102"]],
    }
    assert told["changes"][0] == {
        "customerId": f"{ORG}_1001", "before": 120, "after": 350, "compensated": 0, "orders": 2, "why": "orders",
    }  # fmt: skip


def test_it_says_where_and_what(capsys: pytest.CaptureFixture[str], project: str) -> None:
    assert migrate.main(["--org", ORG]) == migrate.DONE
    said = capsys.readouterr().out
    assert f"Project {project}, database (default), on the local Firestore at" in said
    assert "balances that move: 2" in said
    assert "possible duplicates by phone" in said
    assert "Nothing was written" in said
    assert migrate.main(["--org", ORG, "--apply", "--balances", "keep"]) == migrate.DONE
    assert "customers: 15 documents before, 16 after" in capsys.readouterr().out


def test_who_decides_the_balances_has_to_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    for doing in ("--apply", "--begin"):
        with pytest.raises(SystemExit) as refusal:
            migrate.main(["--org", ORG, doing])
        assert refusal.value.code == migrate.REFUSED


def test_a_decision_stays(capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate.main(["--org", ORG, "--begin", "--balances", "keep"]) == migrate.DONE
    assert migrate.main(["--org", ORG, "--apply", "--balances", "from_orders"]) == migrate.REFUSED
    assert migration.preview(ORG).balances == "keep"


def test_a_damaged_customer_does_not_stop_the_others(capsys: pytest.CaptureFixture[str], firestore: Client) -> None:
    firestore.document("customers", "broken").set({"orgId": ORG, "loyalty": {"seq": "one"}})
    done = run(capsys, "--apply", "--balances", "keep", ends=migrate.INCOMPLETE)
    assert done["failed"] == {"customer:broken": "KeyError"}
    assert done["counts"]["opened"] == len(shop.BALANCES)
