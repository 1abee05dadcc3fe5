"""Occasions that have a date: each on its day, once, late for as long as it makes sense, and to nobody else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.messages import State
from lib.platform import logs
from lib.store import automations as schedules
from lib.usecases import automations
from tests.usecases.automations.corner import MAIL, TEXT, Corner

ANN = "05-17"


def test_a_birthday_is_greeted_at_ten_in_the_morning_with_points(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    ann = corner.customer("ann", birthDate="1990-05-17", points=40)
    corner.customer("bob", 1, birthDate="1990-05-18")

    assert corner.on(birthday={"bonusPoints": 50, **TEXT, **MAIL}) == ["day_keys 2027-05-16T20:00:00+00:00"]
    corner.at(2027, 5, 16, 21)
    assert corner.hour() == ["automation birthday:2027-05-16"]
    corner.at(2027, 5, 17, 13, 59)
    assert corner.hour() == []
    corner.at(2027, 5, 17, 14)
    assert corner.hour() == ["automation birthday:2027-05-17"]
    assert corner.hour() == []

    assert corner.queued() == [("ann", "email", "birthday:2027"), ("ann", "sms", "birthday:2027")]
    assert [message.good_until for message in corner.sent] == [datetime(2027, 5, 19, 4, tzinfo=UTC)] * 2
    assert dict(corner.sent[0].variables) == {"bonusPoints": 50}
    assert corner.ledger(ann) == [("adjust", 40, f"opening:{ann}"), ("bonus", 50, "birthday:2027")]
    assert corner.client.document("customers", ann).get().get("points") == 90
    assert corner.violations() == []


def test_the_next_year_brings_the_next_one(corner: Corner) -> None:
    corner.at(2027, 5, 1, 20)
    ann = corner.customer("ann", birthDate="1990-05-17")
    corner.on(birthday={"bonusPoints": 50})
    for year in (2027, 2028):
        corner.at(year, 5, 17, 15)
        corner.hour()
        corner.at(year, 5, 18, 15)
        corner.hour()
    assert corner.texts() == [("ann", "birthday:2027"), ("ann", "birthday:2028")]
    assert [key for _, _, key in corner.ledger(ann)] == ["birthday:2027", "birthday:2028"]


@pytest.mark.parametrize(
    ("day", "greeted"), [((2027, 2, 28), True), ((2027, 3, 1), False), ((2028, 2, 28), False), ((2028, 2, 29), True)]
)
def test_whoever_was_born_on_29_february_is_greeted_on_the_28th_of_common_years(
    corner: Corner, day: tuple[int, int, int], greeted: bool
) -> None:
    corner.at(*day, 12)
    corner.customer("ann", birthDate="1992-02-29")
    corner.on(birthday={})
    corner.at(*day, 16)
    corner.hour()
    assert bool(corner.sent) is greeted


@pytest.mark.parametrize(
    ("kind", "days_late", "answered"),
    [
        *(("birthday", days, days < 2) for days in (1, 2)),
        *(("anniversary", days, days < 3) for days in (2, 3)),
        *(("winback", days, days < 7) for days in (6, 7)),
        *(("welcome", days, days < 4) for days in (3, 5)),
    ],
)
def test_what_an_outage_has_kept_from_being_seen_is_made_up_for_while_it_makes_sense(
    corner: Corner, kind: str, days_late: int, answered: bool
) -> None:
    corner.at(2027, 5, 1, 12)
    answered_kinds: dict[str, Any] = {kind: {"afterDays": 60}}
    corner.on(**answered_kinds)
    corner.at(2027, 5, 16, 15)
    corner.hour()
    noon = datetime(2027, 5, 17, 16, tzinfo=UTC)
    dates: dict[str, dict[str, Any]] = {
        "birthday": {"birthDate": "1990-05-17", "birthdayMonthDay": ANN},
        "anniversary": {"createdAt": noon.replace(year=2024), "signUpMonthDay": ANN},
        "winback": {"lastOrderDate": noon - timedelta(days=60)},
        "welcome": {"createdAt": noon},
    }
    corner.customer("ann", **dates[kind])
    corner.at(2027, 5, 17 + days_late, 15)
    corner.hour()
    assert bool(corner.sent) is answered
    assert all(message.good_until > corner.time.now() for message in corner.sent)


def test_hours_that_were_missed_are_made_up_for_on_the_same_day(corner: Corner) -> None:
    corner.at(2027, 5, 17, 2)
    corner.customer("ann", birthDate="05/17/1990")
    corner.on(birthday={})
    corner.at(2027, 5, 17, 23)
    assert corner.hour()
    assert corner.texts() == [("ann", "birthday:2027")]


@pytest.mark.parametrize(
    ("zone", "country", "hour"),
    [("America/New_York", "US", 14), ("America/Los_Angeles", "US", 17), ("Africa/Lagos", "NG", 9)],
)
@pytest.mark.parametrize(
    "day", [(2027, 3, 13), (2027, 3, 14), (2027, 3, 15), (2027, 11, 6), (2027, 11, 7), (2027, 11, 8)]
)
def test_it_is_ten_where_the_shop_is_also_when_clocks_change(
    corner: Corner, zone: str, country: str, hour: int, day: tuple[int, int, int]
) -> None:
    corner.loyalty(country=country, timeZone=zone)
    standard = country == "US" and not (3, 14) <= day[1:] < (11, 7)
    corner.at(*day, 0)
    corner.time.advance(timedelta(days=-1))
    corner.customer("ann", birthDate=f"1990-{day[1]:02}-{day[2]:02}")
    corner.on(birthday={})
    corner.at(*day, hour + standard - 1, 59)
    corner.hour()
    assert corner.sent == []
    corner.at(*day, hour + standard)
    corner.hour()
    assert len(corner.sent) == 1


class TestWhoIsNew:
    NOW = datetime(2027, 5, 17, 16, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("fields", "welcomed"),
        [
            ({}, True),
            ({"source": "loyalty_tablet_checkin"}, True),
            ({"firstOrderDate": NOW - timedelta(hours=20)}, True),
            ({"firstOrderDate": NOW - timedelta(days=400)}, False),
            ({"source": "import"}, False),
            ({"source": "alleaves_sync"}, False),
            ({"source": "alleaves_sync", "alleavesCustomerSince": "2027-05-16T00:00:00+00:00"}, True),
            ({"source": "alleaves_sync", "alleavesCustomerSince": "2019-05-17T00:00:00+00:00"}, False),
            ({"loyaltyEnrolledAt": NOW - timedelta(days=30)}, False),
            ({"loyalty": {"opening": {"points": 0, "orderCount": 3}}}, False),
            ({"archived": True}, False),
            ({"isTestAccount": True}, False),
            ({"createdAt": NOW - timedelta(days=2)}, False),
            ({"createdAt": None}, False),
        ],
    )
    def test_newcomers_are_welcomed_and_whoever_was_brought_along_is_not(
        self, corner: Corner, fields: dict[str, Any], welcomed: bool
    ) -> None:
        corner.at(2027, 5, 16, 20)
        corner.on(welcome={})
        corner.customer("ann", **{"createdAt": self.NOW, **fields})
        corner.at(2027, 5, 18, 15)
        corner.hour()
        assert bool(corner.sent) is welcomed

    def test_those_who_came_before_it_was_switched_on_are_left_in_peace(self, corner: Corner) -> None:
        corner.at(2027, 5, 17, 17)
        corner.customer("ann", createdAt=self.NOW)
        corner.on(welcome={})
        corner.customer("bob", 1, createdAt=self.NOW + timedelta(hours=2))
        corner.at(2027, 5, 18, 15)
        corner.hour()
        assert corner.texts() == [("bob", "welcome:once")]


def test_an_anniversary_counts_years_since_the_earliest_date_there_is(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    imported = datetime(2026, 5, 17, 16, tzinfo=UTC)
    corner.customer("ann", createdAt=imported)
    corner.customer("bob", 1, createdAt=imported, alleavesCustomerSince="2019-05-17T00:00:00+00:00")
    corner.customer("cid", 2, createdAt=imported, alleavesCustomerSince="2019-08-01T00:00:00+00:00")
    corner.customer("dee", 3, createdAt=imported.replace(year=2027))
    corner.on(anniversary={})
    corner.at(2027, 5, 17, 15)
    corner.hour()
    years = {message.customer_id.rpartition("_")[2]: message.variables["years"] for message in corner.sent}
    assert years == {"ann": 1, "bob": 8}


def test_whoever_has_stayed_away_so_long_is_asked_back_once_for_that_absence(corner: Corner) -> None:
    corner.at(2027, 1, 1, 12)
    corner.on(winback={"afterDays": 30, "bonusPoints": 10})
    for number, days in enumerate([29, 30, 31, 300]):
        last = datetime(2027, 5, 17, 16, tzinfo=UTC) - timedelta(days=days)
        corner.customer(f"away{days}", number, lastOrderDate=last)
    corner.at(2027, 5, 17, 15)
    corner.hour()
    assert corner.texts() == [("away30", "winback:2027-04-17"), ("away31", "winback:2027-04-16")]
    corner.edit(f"{corner.org_id}_away30", lastOrderDate=datetime(2027, 5, 18, 16, tzinfo=UTC))
    corner.at(2027, 6, 17, 15)
    corner.hour()
    assert corner.texts()[1] == ("away30", "winback:2027-05-18")


def test_who_cannot_be_written_to_gets_the_points_all_the_same(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    ann = corner.customer("ann", birthDate="1990-05-17", smsConsent=False, emailConsent=False)
    corner.customer("bob", 1, birthDate="1990-05-17", archived=True)
    corner.customer("cid", 2, birthDate="1990-05-17", isTestAccount=True)
    corner.on(birthday={"bonusPoints": 50, **TEXT, **MAIL})
    corner.at(2027, 5, 17, 15)
    corner.hour()
    assert corner.sent == []
    assert corner.ledger(ann) == [("bonus", 50, "birthday:2027")]
    assert [found for name in ("bob", "cid") for found in corner.ledger(f"{corner.org_id}_{name}")] == []


def test_without_points_who_agrees_a_little_later_is_greeted_a_little_later(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    ann = corner.customer("ann", birthDate="1990-05-17", smsConsent=False)
    corner.on(birthday={})
    corner.at(2027, 5, 17, 15)
    corner.hour()
    assert corner.sent == []
    corner.edit(ann, smsConsent=True)
    corner.at(2027, 5, 18, 15)
    corner.hour()
    assert corner.texts() == [("ann", "birthday:2027")]


def test_a_paused_programme_gives_nothing_and_makes_up_for_it_when_it_goes_on(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    ann = corner.customer("ann", birthDate="1990-05-17")
    corner.on(birthday={"bonusPoints": 50})
    corner.loyalty(paused=True)
    corner.at(2027, 5, 17, 15)
    corner.hour()
    assert (corner.sent, corner.ledger(ann)) == ([], [])
    corner.loyalty(paused=False)
    corner.at(2027, 5, 18, 3)
    corner.hour()
    assert corner.texts() == [("ann", "birthday:2027")]


def test_points_of_a_birthday_expire_as_if_they_were_earned(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    ann = corner.customer("ann", birthDate="1990-05-17")
    corner.loyalty(pointsExpireMonths=6)
    corner.on(birthday={"bonusPoints": 50})
    corner.at(2027, 5, 17, 15)
    corner.hour()
    (lot,) = corner.client.document("customers", ann).get().get("loyalty.lots")
    assert lot["expiresAt"] == datetime(2027, 12, 1, 5, tzinfo=UTC)
    assert corner.violations() == []


def test_a_schedule_that_is_switched_off_is_gone(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    corner.customer("ann", birthDate="1990-05-17")
    corner.on(birthday={})
    corner.change("off", {"automations": {"birthday": {"enabled": False}}})
    corner.at(2027, 5, 17, 15)
    assert (corner.hour(), [*schedules.due(corner.time.now(), logs.schedule_damaged)], corner.sent) == ([], [], [])


def test_a_damaged_schedule_holds_up_nobody_and_is_mended_by_the_next_change(
    corner: Corner, capsys: pytest.CaptureFixture[str]
) -> None:
    corner.at(2027, 5, 16, 20)
    corner.customer("ann", birthDate="1990-05-17", birthdayMonthDay=ANN)
    corner.on(birthday={})
    damaged = {"nextAt": corner.time.now() - timedelta(days=9), "hears": True, "since": {"easter": None}}
    for name in ("a", corner.org_id):
        corner.client.document("tenants", "_system", "automations", name).set(damaged, merge=name != "a")
    assert (corner.hour(), corner.hear()) == ([], {})
    assert capsys.readouterr().err.count("damaged schedule left alone") == 4
    corner.change("anew", {"automationHour": 11})
    corner.at(2027, 5, 17, 17)
    assert corner.hour() == [f"day_keys {datetime(2027, 5, 16, 20, tzinfo=UTC).isoformat()}"]


def test_a_shop_that_moves_has_its_keys_made_anew_once(corner: Corner) -> None:
    corner.at(2027, 5, 14, 20)
    ann = corner.customer("ann", birthDate="05/06/1990")
    corner.on(birthday={})
    corner.loyalty(country="NG", currency="NGN", timeZone="Africa/Lagos")
    corner.at(2027, 6, 5, 15)
    assert corner.hour() == ["day_keys 2027-05-14T20:30:00+00:00"]
    assert corner.client.document("customers", ann).get().get("birthdayMonthDay") == "06-05"
    assert corner.hour() == []
    corner.at(2027, 6, 5, 16)
    assert corner.hour() == ["automation birthday:2027-06-05"]
    assert corner.texts() == [("ann", "birthday:2027")]
    corner.loyalty(country="US", currency="USD", timeZone="America/New_York")
    corner.at(2027, 6, 6, 15)
    assert [named.split()[0] for named in corner.hour()] == ["day_keys"]
    assert corner.client.document("customers", ann).get().get("birthdayMonthDay") == "05-06"


def test_a_message_queued_is_one_that_the_worker_can_send(corner: Corner) -> None:
    corner.at(2027, 5, 16, 20)
    corner.customer("ann", birthDate="1990-05-17")
    corner.on(birthday={"linkUrl": "https://shop.example/gift"})
    corner.at(2027, 5, 17, 15)
    corner.hour()
    (message,) = corner.sent
    assert (message.state, message.address, message.link_url) == (
        State.QUEUED,
        "+12122000000",
        "https://shop.example/gift",
    )
    assert corner.violations() == []


@pytest.mark.parametrize(("wanted", "told"), [(True, [("queued", 50)]), (False, [])])
def test_alpine_iq_is_told_of_points_where_it_is_told_of_adjustments(
    corner: Corner, monkeypatch: pytest.MonkeyPatch, wanted: bool, told: list[tuple[str, int]]
) -> None:
    monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({corner.org_id: "key"}))
    corner.org.document("integrations", "alpine_iq").set({"accountId": "1", "push": {"adjustments": wanted}})
    corner.at(2027, 5, 17, 15)
    corner.on(birthday={"bonusPoints": 50})
    ann = corner.customer("ann", birthDate="1990-05-17")
    params = {"kind": "birthday", "first": "2027-05-17", "last": "2027-05-17", "since": "2027-05-01T00:00:00+00:00"}
    for _ in range(2):
        automations.visit(corner.enqueue, corner.org, params, ann)
    pushes = [push.to_dict() or {} for push in corner.org.collection("alpine_pushes").stream()]
    assert [(push["state"], push["points"]) for push in pushes] == told
    assert [queue for queue, *_ in corner.queue.waiting] == ["pushalpine"] * len(told)
