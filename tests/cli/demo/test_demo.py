"""`./dev demo` as it is run: a small export and a small shop on the real stack, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.demo.__main__ import main
from tests.cli.demo.exports import write_export
from tests.cli.demo.running import demo

# Customer 7 gives back 150 of 330, 8 everything; 9 has only a refund that nothing explains; all others keep
# what they have bought.
ROWS = (
    "1 A 2 01-09:00 150.00 7",
    "2 B 1 01-09:05 99.99 8",
    "3 C 4 01-10:00 30.50 10",
    "3 D 1 01-10:00 0.001 10",
    "C4 A -1 02-11:00 120.00 7",
    "C5 B -1 02-11:30 99.99 8",
    "6 E 10 03-09:00 25.00 11",
    "C7 Z -1 03-12:00 5.00 9",
    "C8 A -1 04-09:00 150.00 7",
    "9 F 1 05-15:00 30.00 7",
    *(f"{customer} A 1 06-10:00 20.00 {customer}" for customer in (21, 24, 25, 27, 28, 31, 32)),
)

NIGHT = (
    "A night with Alpine IQ",
    "Alpine IQ says",
    "we say",
    "keep_ours",
    "found differences",
    "unchanged: 4 requests",
)
CAMPAIGN = ("A campaign: ", "who bought", "one to each who must get one")


def test_a_small_export_ends_in_exact_figures(tmp_path: Path) -> None:
    ended = demo("--orders", str(write_export(tmp_path, *ROWS)), "--json")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["source"] == {"kind": "export", "file": "export.csv", "invoices": 16}
    assert report["expected"] == {"customers": 10, "differences": []}
    assert report["audit"]["violations"] == [] and report["audit"]["documents"] > 20
    assert report["balances"]["ordersCounted"] == 11
    assert report["balances"]["spendCents"] == 15_000 + 3_000 + 12_200 + 25_000 + 7 * 2_000
    assert (
        report["balances"]["pointsAvailable"] == 150 + 30 + 122 + 250 + 7 * 20 - report["redemptions"]["pointsRedeemed"]
    )
    assert report["redemptions"]["pointsRedeemed"] > 0
    night = report["alpineIq"]
    assert (night["customers"], night["compared"]) == (11, night["contacts"])
    assert (night["nextNight"]["unchanged"], night["nextNight"]["overridden"]) == (11, night["overridden"])
    assert night["nextNight"]["billed"]["writes"] < 12
    assert report["tiers"] == {"bronze": 10, "silver": 1, "gold": 0, "platinum": 0}
    assert report["latency"]["quiet"]["count"] > 0
    assert report["customer"]["entries"][-1]["explanation"].startswith("Earned")
    reached_whom_it_must(report["winBack"])


def reached_whom_it_must(campaign: dict[str, Any]) -> None:
    """Of ten, seven have an address and five have agreed; 27 is held out, one writes STOP before a text goes."""
    assert (campaign["segment"], campaign["differences"]) == ("churned", [])
    reach = {name: it["reachable"] for name, it in campaign["preview"]["channels"].items()}
    assert reach == {"sms": 3, "email": 2}
    assert (campaign["texts"], campaign["textsAtOnce"], campaign["mails"]) == (1, 0, 2)
    assert campaign["stopped"]["customerId"] == "org_demo_shop_32"
    assert campaign["unsubscribed"] == "org_demo_shop_31"
    (bought,), results = campaign["cameBack"], campaign["results"]
    assert (bought["customerId"], bought["segment"]) == ("org_demo_shop_11", "high_value")
    assert results["claimed"]["revenueCents"] == bought["cents"] > 0
    assert [results["groups"][name]["customers"] for name in ("treated", "holdout")] == [4, 1]
    assert results["lift"]["revenueCentsPerCustomer"] == {"reason": "too_few"}


def test_a_small_shop_is_shown_to_people() -> None:
    """Its night has an override, an open difference and an alert, for all of which it is large enough; and somebody has
    stayed away."""
    ended = demo("--customers", "25", "--seed", "3")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = " ".join(ended.stdout.split())
    for words in (
        "Tiers",
        "Segments",
        "At the till",
        *NIGHT,
        *CAMPAIGN,
        "every invariant holds",
        "customers agree",
        "in all",
    ):
        assert words in told


@pytest.mark.parametrize("content", ["", "invoice\n1\n"])
def test_an_export_that_cannot_be_read_ends_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content)
    assert main(["--orders", str(path)]) == 2
    assert "orders.csv: no column" in capsys.readouterr().err


def test_an_export_that_is_not_there_ends_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--orders", str(tmp_path / "none.csv")]) == 2
    assert "No such file" in capsys.readouterr().err
