"""`./dev rerate`: a preview that writes nothing, the same for good with its token, and what it refuses."""

import json
from itertools import count
from typing import Any

import pytest

from cli import rerate
from emulator.client import StackClient
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.platform import clock
from lib.usecases import settings
from lib.usecases.audit import audit
from tests.usecases.counter import ANN, ORG, Counter, pos

LONG_AGO = "2020-01-01"

_keys = count(1)


def change(**fields: Any) -> None:
    key, content = f"key-{next(_keys)}", fingerprint(fields)
    command = Command("update_loyalty_settings", ORG, Actor("staff", "tests"), key, content, clock.now())
    settings.update(command, fields)


@pytest.fixture(autouse=True)
def counter(firestore: Any) -> Counter:
    """A shop that has doubled its rate since Ann bought something for 50 dollars."""
    opened = Counter(firestore)
    opened.sell("order", **pos("77"), createdAt="2020-05-05T10:00:00Z")
    opened.sell("later", **pos("77"))
    change(pointsPerDollar=2)
    return opened


def run(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = 0) -> dict[str, Any]:
    """What the command says as JSON; nothing where it refuses."""
    assert rerate.main(["--org", ORG, "--since", LONG_AGO, "--json", *arguments]) == ends
    said: dict[str, Any] = json.loads(capsys.readouterr().out or "{}")
    return said


def test_a_preview_then_the_same_for_good_then_nothing_more(
    capsys: pytest.CaptureFixture[str], counter: Counter, usage: StackClient
) -> None:
    usage.reset_usage()
    foreseen = run(capsys)
    assert usage.reset_usage()["writes"] == 0
    change_of_ann = {"customerId": ANN, "difference": 50, "newDebt": 0, "balance": 150}
    assert foreseen["changes"] == [change_of_ann]
    done = run(capsys, "--confirm", foreseen["token"])
    assert (done["counts"], done["changes"]) == (foreseen["counts"], foreseen["changes"])
    assert counter.customer(ANN)["points"] == 150
    assert run(capsys)["counts"] == {}
    assert [str(violation) for violation in audit(ORG).violations] == []


def test_a_token_is_of_one_range_one_version_and_one_finding(
    capsys: pytest.CaptureFixture[str], counter: Counter
) -> None:
    token = run(capsys)["token"]
    assert run(capsys, "--until", "2020-02-01")["token"] != token
    assert run(capsys, "--as-of-now")["token"] != token
    change(holdMinutes=9)
    run(capsys, "--confirm", token, ends=rerate.REFUSED)
    token = run(capsys)["token"]
    counter.sell("order", totals={"total": 60.0})
    run(capsys, "--confirm", token, ends=rerate.REFUSED)
    assert counter.customer(ANN)["points"] == 110


def test_there_and_back_and_there_again(capsys: pytest.CaptureFixture[str], counter: Counter) -> None:
    """The same findings under the same settings: two occasions all the same."""
    for dollars in (2, 1, 2):
        change(pointsPerDollar=dollars)
        run(capsys, "--confirm", run(capsys)["token"])
    assert counter.customer(ANN)["points"] == 150
    assert [str(violation) for violation in audit(ORG).violations] == []


def test_a_damaged_customer_stops_nobody_else(capsys: pytest.CaptureFixture[str], counter: Counter) -> None:
    counter.sell("eves", **pos("78"), createdAt="2020-05-05T10:00:00Z")
    change(pointsPerDollar=3)
    counter.client.document("tenants", ORG, "accruals", "order").update({"rate.pointsPerDollar": "many"})
    said = run(capsys, ends=rerate.INCOMPLETE)
    assert (said["token"], said["failed"]) == (None, {ANN: "InvalidOperation"})
    assert [each["customerId"] for each in said["changes"]] == [f"{ORG}_78"]


def test_people_are_told_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert rerate.main(["--org", ORG, "--since", LONG_AGO]) == rerate.DONE
    told = capsys.readouterr().out
    assert ANN in told
    assert "--confirm" in told


def test_a_paused_programme_has_no_rates_to_go_by(capsys: pytest.CaptureFixture[str]) -> None:
    change(paused=True)
    run(capsys, ends=rerate.REFUSED)
