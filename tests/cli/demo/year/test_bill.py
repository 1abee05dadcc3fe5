"""The bill of a span of days, added up by hand; how many bytes a document takes."""

from datetime import UTC, datetime

import pytest

from cli.demo.year.bill import Measured, Operations, bill
from cli.demo.year.play import Audited
from cli.demo.year.storage import document_bytes

NOW = datetime(2026, 1, 3, tzinfo=UTC)
MEASURED = Measured(
    operations=Operations(reads=100_000, writes=50_000, deletes=10),
    orders_by_night=(100, 200, 200),
    audits=(Audited(NOW, orders=100, reads=1_000, writes=2, seconds=1.5),),
    calls={"often": 864, "seldom": 3},
    played={"often": 4, "seldom": 3},
    idle={"often": Operations(reads=2, writes=1)},
    tasks=10,
    invocations=500,
    stored_documents=1_000,
    stored_bytes=2**30,
)


def test_what_was_not_played_is_in_the_bill() -> None:
    told = bill(MEASURED)
    by_item = {line["item"].split(":")[0]: line for line in told["lines"]}
    assert by_item["as played"]["dollars"] == pytest.approx(0.06 + 0.09, abs=1e-4)
    # 500 order-nights at ten reads each.
    assert by_item["the audit of every night"]["reads"] == 5_000
    assert by_item["the audit of every night"]["writes"] == 10
    finding_nothing = by_item["jobs by the hour and the minute"]
    assert (finding_nothing["reads"], finding_nothing["writes"]) == (1_720, 860)
    assert by_item["Cloud Scheduler"]["dollars"] == pytest.approx(2 * 0.10 * 3 * 12 / 365, abs=1e-4)
    assert by_item["storage"]["dollars"] == pytest.approx(0.5 * 0.18 * 3 * 12 / 365, abs=1e-4)
    assert told["dollars"] == pytest.approx(sum(line["dollars"] for line in told["lines"]), abs=1e-3)
    assert told["dollarsPerThousandOrders"] == pytest.approx(told["dollars"] * 5, abs=1e-3)


def test_a_document_takes_what_the_published_example_says() -> None:
    # https://firebase.google.com/docs/firestore/storage-size: users/jeff/tasks/my_task_id, 147 bytes of document.
    fields = {"type": "Personal", "done": False, "priority": 1, "description": "Learn Cloud Firestore"}
    with_indexes = document_bytes("users/jeff/tasks/my_task_id", fields)
    name, parent = 16 + 6 + 5 + 6 + 11, 16 + 6 + 5
    pairs = (5 + 9, 5 + 1, 9 + 8, 12 + 22)
    assert name == 44 and name + 32 + sum(pairs) == 147
    assert with_indexes == 147 + 2 * sum(name + parent + 32 + pair for pair in pairs)
