"""Years of a shop in which anything may happen to profiles, processes and clocks: nobody has two birthdays in one."""

import contextlib
import random
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from lib.usecases import automations
from tests.usecases.automations.corner import MAIL, TEXT, Corner
from tests.usecases.runs.delivery import Killed

PEOPLE, STEPS = 3, 60
# A visit may be two days after its day.
APART = timedelta(days=178)


class Years:
    """One walk through them. A person keeps its telephone number; profiles come and go."""

    def __init__(self, shop: Corner, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.profiles: dict[int, list[str]] = defaultdict(list)
        self.present: dict[int, str] = {}
        for person in range(PEOPLE):
            self.new_profile(person)

    def birth_date(self) -> str:
        return f"1990-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}"

    def soon(self) -> str:
        """A birth date whose day is about to come, or has just been."""
        return f"1990-{self.shop.time.now() + timedelta(days=self.chance.randint(-1, 1)):%m-%d}"

    def new_profile(self, person: int) -> str:
        name = f"p{person}x{len(self.profiles[person])}"
        profile = self.shop.customer(name, person, birthDate=self.chance.choice([self.soon, self.birth_date])())
        automations.note(profile, None, self.shop.client.document("customers", profile).get().to_dict())
        self.profiles[person].append(profile)
        self.present[person] = profile
        return profile

    def step(self) -> None:
        person = self.chance.randrange(PEOPLE)
        before = self.present[person]
        match self.chance.choice([*["edit"] * 6, *["on"] * 8, *["leap"] * 2, "merge", "anew", "back", "switch"]):
            case "edit":
                self.shop.edit(before, birthDate=self.chance.choice([self.soon, self.soon, self.birth_date])())
            case "merge":
                self.shop.edit(before, archived=True, mergedInto=self.new_profile(person))
            case "anew":
                self.shop.client.document("customers", before).update({"archived": True})
                self.new_profile(person)
            case "on":
                self.shop.time.advance(timedelta(days=1))
            case "leap":
                self.shop.time.advance(timedelta(days=self.chance.randint(9, 200)))
            case "back":
                self.shop.time.advance(-timedelta(days=self.chance.randint(1, 5)))
            case "switch":
                key = f"{self.shop.time.now().isoformat()} {self.chance.random()}"
                for is_on in (False, True):
                    self.shop.change(f"{key} {is_on}", {"automations": {"birthday": {"enabled": is_on}}})
        self.pass_an_hour()

    def pass_an_hour(self) -> None:
        """The schedule comes twice; the first time its process may die at any write."""
        if self.chance.random() < 0.3:
            self.shop.killer.arm(self.chance.randint(0, 12))
        with contextlib.suppress(Killed):
            self.shop.hour()
        self.shop.killer.arm(None)
        self.shop.time.advance(timedelta(hours=1))
        self.shop.hour()
        self.shop.time.advance(-timedelta(hours=1))

    def birthdays(self, person: int) -> list[tuple[str, datetime]]:
        """Key and time of all points that a person was given, by whichever profile."""
        return [
            (entry.get("key"), entry.get("recordedAt"))
            for profile in self.profiles[person]
            for entry in self.shop.org.ledger(profile).stream()
            if entry.get("kind") == "bonus"
        ]


@pytest.mark.parametrize("seed", range(3))
def test_nobody_has_two_birthdays_in_a_year(corner: Corner, seed: int) -> None:
    corner.at(2027, 1, 1, 15)
    corner.on(birthday={"bonusPoints": 5, **TEXT, **MAIL})
    years = Years(corner, seed)
    for _ in range(STEPS):
        years.step()
    had = [years.birthdays(person) for person in range(PEOPLE)]
    assert sum(map(len, had)) > 0
    for birthdays in had:
        assert len({key for key, _ in birthdays}) == len(birthdays)
        assert all(abs(one - other) >= APART for (_, one), (_, other) in combinations(birthdays, 2))
    messages = [(customer.partition("x")[0], channel, cause) for customer, channel, cause in corner.queued()]
    assert len(messages) == len(set(messages))
