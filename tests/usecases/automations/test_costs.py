"""What automations are billed: nothing where an org answers nothing, and elsewhere in proportion to who is due."""

from datetime import UTC, datetime

import pytest

from emulator.client import StackClient
from lib.store import messaging
from lib.store import settings as loyalty
from lib.usecases import automations
from tests.usecases.automations.corner import Corner


def billed(usage: StackClient) -> tuple[int, int]:
    """Reads and writes since it was last asked."""
    used = usage.reset_usage()
    return used["reads"], used["writes"] + used["deletes"]


def test_orgs_that_answer_nothing_cost_a_read_for_all_of_them_together(corner: Corner, usage: StackClient) -> None:
    corner.at(2027, 5, 17, 15)
    for number in range(5):
        ann = corner.customer(f"p{number}", number, birthDate="1990-05-17", segment="at_risk")
        corner.notify(ann, segment_entered={"before": "loyal", "after": "at_risk"})
    usage.reset_usage()
    assert (corner.hour(), billed(usage)) == ([], (1, 0))
    assert (corner.hear(), billed(usage)) == ({}, (1, 0))


def test_a_write_of_a_customer_that_tells_nothing_of_its_days_costs_nothing(corner: Corner, usage: StackClient) -> None:
    corner.on(birthday={})
    ann = corner.customer("ann")
    before = {"orgId": corner.org_id, "birthDate": "1990-05-17", "points": 1}
    messaging.forget(corner.org)
    usage.reset_usage()
    automations.note(ann, before, {**before, "points": 2})
    automations.note(ann, before, None)
    assert billed(usage) == (0, 0)


@pytest.mark.parametrize(("is_on", "cost"), [(False, (0, 0)), (True, (1, 1))])
def test_a_birth_date_costs_one_read_and_one_write_where_birthdays_are_answered(
    corner: Corner, usage: StackClient, is_on: bool, cost: tuple[int, int]
) -> None:
    if is_on:
        corner.on(birthday={})
    ann = corner.customer("ann", birthDate="1990-05-17")
    after = corner.client.document("customers", ann).get().to_dict()
    messaging.load(corner.org)
    loyalty.load(corner.org)
    usage.reset_usage()
    automations.note(ann, None, after)
    assert billed(usage) == cost
    written = corner.client.document("customers", ann).get().to_dict()
    usage.reset_usage()
    automations.note(ann, after, written)
    assert billed(usage) == (0, 0)


def test_a_day_costs_what_is_due_and_not_what_there_is(corner: Corner, usage: StackClient) -> None:
    corner.at(2027, 5, 1, 12)
    corner.on(birthday={"bonusPoints": 50})
    days = (14, 17, 20, 23)
    for number, day in enumerate(days):
        corner.customer(f"p{number}", number, birthDate=f"1990-05-{day}", birthdayMonthDay=f"05-{day}")
    costs = []
    for day in days:
        corner.at(2027, 5, day, 15)
        usage.reset_usage()
        corner.hour()
        costs.append(billed(usage))
        for number in range(20):
            corner.customer(f"s{day}{number}", day + number, birthDate="1990-08-01", birthdayMonthDay="08-01")
    # On the first two days the words of the message are written and read.
    assert costs[2] == costs[3]
    assert len(corner.sent) == 4


def test_a_birthday_costs_a_dozen_reads_and_half_a_dozen_writes_once(corner: Corner, usage: StackClient) -> None:
    corner.at(2027, 5, 17, 15)
    corner.on(birthday={"bonusPoints": 50})
    params = {"kind": "birthday", "first": "2027-05-16", "last": "2027-05-17", "since": "2027-05-01T00:00:00+00:00"}
    for name in ("warm", "ann"):
        customer_id = corner.customer(name, len(name), birthDate="1990-05-17")
        usage.reset_usage()
        automations.visit(corner.enqueue, corner.org, params, customer_id)
        first = billed(usage)
        automations.visit(corner.enqueue, corner.org, params, customer_id)
    # Customer, other profiles, three records, consent, ledger, message; then records, message, entry, customer, row.
    assert (first, billed(usage)) == ((8, 7), (5, 0))


def test_a_notice_costs_what_it_takes_to_look_and_to_tell(corner: Corner, usage: StackClient) -> None:
    corner.at(2027, 5, 17, 15)
    corner.on(segment_entered={})
    ann = corner.customer("ann", segment="at_risk", createdAt=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(2):
        # Words are read once a process.
        corner.hear()
    usage.reset_usage()
    assert (corner.hear(), billed(usage)) == ({}, (2, 0))
    corner.notify(ann, segment_entered={"before": "loyal", "after": "at_risk"})
    usage.reset_usage()
    # The schedule, the query, notice, customer, record, consent and whether the message is there already.
    assert (corner.hear(), billed(usage)) == ({"told": 1}, (7, 3))
