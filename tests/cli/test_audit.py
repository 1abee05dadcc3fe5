"""`./dev audit` says what it looked at and what it found, in words or as JSON, and its exit code tells which."""

import json
from typing import Any

import pytest

from cli.audit import main
from lib.store.client import database
from tests.usecases.audited_shop import ANN, ORG, OTHER_ORG, open_shop


def test_a_clean_shop_and_a_broken_one(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_shop(database())
    assert main(["--settle", "0"]) == 0
    assert "no violation" in capsys.readouterr().out
    database().document("customers", ANN).update({"points": 0})
    assert main(["--settle", "0"]) == 1
    assert f"C2 customers/{ANN}" in capsys.readouterr().out
    assert main(["--org", OTHER_ORG]) == 0


def test_as_json(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_shop(database())
    database().document("customers", ANN).update({"loyaltyPoints": 0})
    assert main(["--org", ORG, "--json", "--settle", "0"]) == 1
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["orgs"] == [ORG]
    assert report["clean"] is False
    assert report["checked"]["customers"] == 4
    assert report["violations"] == [
        {"invariant": "C3", "path": f"customers/{ANN}", "expected": "loyaltyPoints 250", "found": "0"}
    ]


def test_nothing_to_check_is_not_success(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "nothing to check" in capsys.readouterr().out


def test_an_impossible_org_is_refused(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--org", "a/b"]) == 2
    assert "not a valid document id" in capsys.readouterr().err
