"""Nobody gets a campaign twice: not when workers die, tasks come twice, or two decide at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lib.domain.consent import Channel
from lib.domain.errors import FailedPrecondition
from lib.domain.message_wording import EmailTemplate
from lib.usecases import campaigns
from tests.usecases.campaigns.office import TEXT, Office
from tests.usecases.runs.delivery import Killed

MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}")


def audience(office: Office, people: int) -> set[str]:
    """So many customers, one of whom has opted out; the numbers of the others."""
    for number in range(people):
        office.desk.customer(f"c{number:02}", number)
    office.desk.opt_out(f"+{office.desk.phone(0)}")
    return {office.desk.phone(number) for number in range(1, people)}


def is_complete(office: Office, campaign_id: str, reached: set[str]) -> None:
    """Everybody is on record once; whoever got a message got one, and who got none is said to be unknown."""
    decided = office.decided(campaign_id)
    assert len(decided) == len(office.recipients(campaign_id)) == len(reached) + 1
    assert decided["c00", "sms"] == "opted_out"
    ended = {it["customerEmail"]: it["state"] for it in office.messages()}
    assert ended.keys() == reached
    got = office.got()
    assert set(got.values()) <= {1}
    assert {to for to, state in ended.items() if state == "sent"} <= got.keys() <= reached
    assert sum(state != "sent" for state in ended.values()) <= 1


@pytest.mark.parametrize("after", [*range(1, 16), 18, 21, 25])
def test_whoever_dies_after_any_write_leaves_it_to_others(office: Office, after: int) -> None:
    reached = audience(office, 5)
    spring = office.create()
    office.desk.killer.arm(after)
    try:
        office.send(spring, "key")
    except Killed:
        office.desk.killer.arm(None)
        office.send(spring, "key")
    office.settle()

    office.desk.killer.arm(None)
    is_complete(office, spring, reached)
    totals = office.totals(spring)
    assert (totals["recipients"], totals["treated"], totals["queued"]) == (5, 4, 4)


def test_tasks_that_come_twice(office: Office) -> None:
    office.queue.twice = True
    reached = audience(office, 8)
    spring = office.create()
    office.send(spring)
    office.settle()
    is_complete(office, spring, reached)
    assert set(office.got()) == reached


def test_two_who_send_at_once(office: Office) -> None:
    reached = audience(office, 3)
    spring = office.create()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: office.send(spring), range(4)))
    office.settle()

    assert sorted(answer["ok"] for answer in answers) == [False, False, False, True]
    assert {answer["reason"] for answer in answers if not answer["ok"]} == {"wrong_status"}
    is_complete(office, spring, reached)


def test_one_who_sends_again_and_again(office: Office) -> None:
    reached = audience(office, 3)
    spring = office.create(key="make")
    assert spring == office.create(key="make")
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: office.send(spring, "key"), range(3)))
    office.settle()
    again = office.send(spring, "key")

    assert answers == [again] * 3
    is_complete(office, spring, reached)
    with pytest.raises(FailedPrecondition, match="another request"):
        campaigns.send(office.command("send_campaign", "key", "other"), spring, accepts_warnings=False)


def test_two_turns_of_the_schedule_at_once(office: Office) -> None:
    reached = audience(office, 3)
    spring = office.create()
    assert office.schedule(spring)["campaign"]["status"] == "scheduled"
    assert office.begin_due() == 0
    office.desk.time.advance(timedelta(hours=1))
    with ThreadPoolExecutor(3) as threads:
        begun = list(threads.map(lambda _: office.begin_due(), range(3)))
    office.settle()

    assert sum(begun) == 1
    assert office.campaign(spring)["status"] == "sending"
    is_complete(office, spring, reached)


def test_a_turn_that_dies_after_it_has_begun_one(office: Office) -> None:
    reached = audience(office, 3)
    spring = office.create()
    office.schedule(spring)
    office.desk.time.advance(timedelta(hours=1))
    # Nobody has the run looked at: the sweep of runs finds it.
    assert len(campaigns.begin_due()) == 1
    office.settle()
    is_complete(office, spring, reached)


def test_one_person_with_two_profiles_gets_one(office: Office) -> None:
    office.desk.customer("ann", 1)
    office.desk.customer("anna", 1)
    spring = office.create()
    office.send(spring)
    office.settle()
    assert office.got() == {office.desk.phone(1): 1}
    assert sorted(it["state"] for it in office.messages()) == ["sent", "skipped"]


def test_two_channels_whoever_dies(office: Office) -> None:
    for number in range(3):
        office.desk.customer(f"c{number}", number)
    spring = office.create(content={Channel.SMS: TEXT, Channel.EMAIL: MAIL})
    office.send(spring)
    office.desk.killer.arm(4)
    office.settle()
    assert len(office.recipients(spring)) == len(office.messages()) == 6
    assert set(office.got().values()) == {1}
