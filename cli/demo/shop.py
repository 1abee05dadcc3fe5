"""A made-up shop: who its customers are, when they come and what they buy, drawn from one seeded generator."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random

from cli.demo.contacts import Contact, synthetic_email, synthetic_phone
from cli.demo.documents import Line, Totals

# Monday first: the weekend is busy. By hour from nine: a lunch peak and a bigger one after work.
_WEEKDAY_WEIGHTS = (0.8, 0.8, 0.9, 1.0, 1.5, 1.8, 1.2)
_FIRST_HOUR = 9
_HOUR_WEIGHTS = (2, 3, 5, 8, 7, 5, 5, 7, 10, 9, 6, 3)
_ORDERS_MAX = 60
_PARETO_SHAPE = 1.1
_TAX_PERCENT = 13

# (id, name, category, price in cents)
_CATALOGUE = (
    ("sku-101", "House blend, 1 oz", "coffee", 1499),
    ("sku-102", "Single origin, 12 oz", "coffee", 2150),
    ("sku-103", "Decaf, 12 oz", "coffee", 1875),
    ("sku-201", "Green tea tin", "tea", 1225),
    ("sku-202", "Herbal tea, 20 bags", "tea", 649),
    ("sku-301", "Dark chocolate bar", "sweets", 475),
    ("sku-302", "Fruit gums", "sweets", 399),
    ("sku-303", "Shortbread box", "sweets", 1049),
    ("sku-401", "Ceramic mug", "homeware", 1699),
    ("sku-402", "Pour-over set", "homeware", 4999),
    ("sku-403", "Hand grinder", "homeware", 8950),
    ("sku-501", "Gift box, small", "gifts", 2999),
    ("sku-502", "Gift box, large", "gifts", 7495),
)


class Channel(StrEnum):
    """Where an order is placed."""

    POS = "pos"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who buys: known to the POS by `pos_id`, to the web shop by `uid`, or to neither (a guest).

    Who buys at both is a guest of the web shop: an account of its own would be a customer of its own.
    """

    key: str
    channels: tuple[Channel, ...]
    contact: Contact
    pos_contact: Contact
    pos_id: str | None = None
    uid: str | None = None


def make_people(rng: Random, count: int) -> list[Person]:
    """About half known to the POS only, a fifth to both, the rest web accounts and guests.

    A few of the POS's share a household's phone. Whoever uses both channels gives both of them one e-mail address, so
    that the person can always be recognised, though the till may not have heard of the phone.
    """
    people: list[Person] = []
    for number in range(1, count + 1):
        key, pos_id = f"p{number}", str(50_000 + number)
        contact = Contact(f"Customer {number}", synthetic_email(number), synthetic_phone(number))
        uid = f"uid{number:06d}" if rng.random() < 0.65 else None
        kind = rng.random()
        if kind < 0.55:
            contact = _known_at_the_till(rng, contact, people[-1] if people else None)
            people.append(Person(key, (Channel.POS,), contact, contact, pos_id))
        elif kind < 0.75:
            at_the_till = replace(contact, phone_digits=None) if rng.random() < 0.3 else contact
            people.append(Person(key, (Channel.POS, Channel.WEB), contact, at_the_till, pos_id))
        else:
            people.append(Person(key, (Channel.WEB,), contact, contact, uid=uid))
    return people


def _known_at_the_till(rng: Random, contact: Contact, neighbour: Person | None) -> Contact:
    """Not everyone gives the till all; two of a household give one phone."""
    known = rng.random()
    if known < 0.15:
        return replace(contact, email=None)
    if known < 0.25:
        return replace(contact, email=None, phone_digits=None)
    if known < 0.30 and neighbour and neighbour.channels == (Channel.POS,):
        return replace(contact, phone_digits=neighbour.contact.phone_digits)
    return contact


def visits(rng: Random, person: Person, first_day: date, days: int) -> list[tuple[datetime, Channel]]:
    """When (UTC) and where a person orders: few come often, some stop coming, most come at busy hours."""
    start = int(days * 0.85 * rng.random())
    end = days if rng.random() < 0.65 else rng.randint(start, days - 1) + 1
    candidates = range(start, end)
    weights = [_WEEKDAY_WEIGHTS[(first_day + timedelta(days=day)).weekday()] for day in candidates]
    count = min(_ORDERS_MAX, int(rng.paretovariate(_PARETO_SHAPE)))
    return sorted(
        (_moment(rng, first_day + timedelta(days=day)), rng.choice(person.channels))
        for day in rng.choices(candidates, weights, k=count)
    )


def _moment(rng: Random, day: date) -> datetime:
    hour = _FIRST_HOUR + rng.choices(range(len(_HOUR_WEIGHTS)), _HOUR_WEIGHTS)[0]
    return datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), UTC)


def basket(rng: Random) -> list[Line]:
    """One to six different products, mostly one of each."""
    chosen = rng.sample(_CATALOGUE, rng.choices(range(1, 7), (30, 25, 18, 12, 9, 6))[0])
    return [
        Line(product_id, name, rng.choices((1, 2, 3), (80, 15, 5))[0], cents / 100, category)
        for product_id, name, category, cents in chosen
    ]


def totals(lines: list[Line], discount_percent: int = 0) -> Totals:
    """Tax after discount; both rounded half up to the cent."""
    subtotal = sum(line.quantity * round(line.price_dollars * 100) for line in lines)
    discount = (subtotal * discount_percent + 50) // 100
    return Totals(subtotal, ((subtotal - discount) * _TAX_PERCENT + 50) // 100, discount)
