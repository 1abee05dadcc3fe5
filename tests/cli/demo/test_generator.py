"""The generated stream: the same for a seed, in time order, and with everything in it that it promises."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from cli.demo.contacts import NO_CONTACT, PHONE_FORMATS, POS_PLACEHOLDER_EMAIL, format_phone, synthetic_phone
from cli.demo.documents import POS_UNKNOWN_CUSTOMER, OrderWrite
from cli.demo.generator import Options, generate

OPTIONS = Options("org_shop", last_day=date(2026, 3, 31), seed=5, customers=300, days=90)
WRITES = generate(OPTIONS)
IGNORED = {"updatedAt"}


def _by_order() -> dict[str, list[OrderWrite]]:
    orders: defaultdict[str, list[OrderWrite]] = defaultdict(list)
    for write in WRITES:
        orders[write.order_id].append(write)
    return orders


def _material(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in IGNORED}


def test_a_seed_gives_one_stream() -> None:
    assert generate(OPTIONS) == WRITES
    assert generate(Options("org_shop", OPTIONS.last_day, seed=6, customers=300, days=90)) != WRITES


def test_writes_are_in_time_order_within_the_days_asked_for() -> None:
    moments = [write.at for write in WRITES]
    assert moments == sorted(moments)
    assert datetime(2026, 1, 1, tzinfo=UTC) <= moments[0]
    assert moments[-1] < datetime(2026, 4, 1, tzinfo=UTC)


def test_ids_and_references_are_the_writers() -> None:
    for write in WRITES:
        if write.fields.get("source") == "alleaves":
            assert write.order_id == write.fields["id"] and write.order_id.startswith("alleaves_")
            assert write.fields["brandId"] == "org_shop"
        else:
            assert len(write.order_id) == 20 and write.order_id.isalnum() and "id" not in write.fields
            assert write.fields["brandId"] == "org_shop" or write.fields["retailerId"] == "org_shop_main"


def test_every_kind_of_life_happens() -> None:
    seen: Counter[str] = Counter()
    for writes in _by_order().values():
        statuses = [write.fields["status"] for write in writes]
        payments = [write.fields.get("paymentStatus") for write in writes]
        totals_seen = {write.fields["totals"]["total"] for write in writes}
        seen["steps to completed"] += "pending" in statuses and statuses[-1] == "completed"
        seen["cancelled before"] += statuses[-1] == "cancelled" and "completed" not in statuses
        seen["voided after"] += statuses[-1] == "cancelled" and "completed" in statuses
        seen["refunded"] += payments[-1] == "refunded"
        seen["paid first"] += "paid" in payments
        seen["edited"] += len(totals_seen) > 1
        seen["stays unknown"] += writes[-1].person is None
        people = {write.person for write in writes}
        seen["attached later"] += len(people) == 2 and None in people
        seen["moved"] += len(people - {None}) == 2
        seen["demo"] += writes[0].fields["mode"] == "demo"
        seen["rewritten unchanged"] += any(
            _material(one.fields) == _material(two.fields) for one, two in pairwise(writes)
        )
    assert all(seen.values()), seen


def test_a_rewrite_is_a_new_document() -> None:
    for writes in _by_order().values():
        for one, two in pairwise(writes):
            assert one.fields is not two.fields
            assert one.fields["updatedAt"] <= two.fields["updatedAt"]
            assert two.fields["updatedAt"] == two.at


def test_phones_come_in_four_formats_and_emails_also_as_placeholders() -> None:
    phones = [write.fields["customer"]["phone"] for write in WRITES if "phone" in write.fields["customer"]]
    shapes = {"".join("9" if sign.isdigit() else sign for sign in phone) for phone in phones}
    assert shapes == {"+99999999999", "99999999999", "9999999999", "(999) 999-9999"}
    emails = {write.fields["customer"]["email"] for write in WRITES}
    assert POS_PLACEHOLDER_EMAIL in emails
    assert any(email != email.lower() for email in emails)


def test_identities_arrive_in_either_order_and_always_share_an_address() -> None:
    first_channel: Counter[str] = Counter()
    by_person: defaultdict[str, list[OrderWrite]] = defaultdict(list)
    for write in WRITES:
        if write.person:
            by_person[write.person].append(write)
    for writes in by_person.values():
        channels = ["pos" if "source" in write.fields else "web" for write in writes]
        if len(set(channels)) == 2:
            first_channel[channels[0]] += 1
            addresses = {write.fields["customer"].get("email") for write in writes}
            assert len({address and address.lower() for address in addresses}) == 1 and None not in addresses
    assert first_channel["pos"] and first_channel["web"]


def test_a_household_shares_a_phone_under_two_pos_ids() -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for write in WRITES:
        phone = write.fields["customer"].get("phone")
        if phone and "source" in write.fields:
            owners["".join(filter(str.isdigit, phone))[-10:]].add(write.fields["userId"])
    assert any(len(ids) > 1 for ids in owners.values())


def test_anonymous_orders_name_nobody() -> None:
    unknown = [write for write in WRITES if write.person is None]
    assert unknown
    for write in unknown:
        assert write.fields["userId"] == POS_UNKNOWN_CUSTOMER
        assert write.fields["customer"] == {"name": NO_CONTACT.name, "email": POS_PLACEHOLDER_EMAIL}


def test_customers_come_back_with_a_heavy_tail_and_the_weekend_is_busy() -> None:
    orders = [writes[-1] for writes in _by_order().values()]
    counts = Counter(write.person for write in orders if write.person).most_common()
    assert sum(count for _, count in counts[: len(counts) // 10]) > 0.3 * len(orders)
    assert sum(count == 1 for _, count in counts) > len(counts) / 4
    weekdays = Counter(write.fields["createdAt"].weekday() for write in orders)
    assert weekdays[4] + weekdays[5] > 1.3 * (weekdays[0] + weekdays[1])
    assert {write.fields["createdAt"].hour for write in orders} <= set(range(9, 21))


def test_money_adds_up_to_the_cent() -> None:
    for write in WRITES:
        money = {name: round(dollars * 100) for name, dollars in write.fields["totals"].items()}
        items = sum(round(item["price"] * 100) * item["qty"] for item in write.fields["items"])
        assert money["subtotal"] == items
        assert money["total"] == items - money.get("discount", 0) + money["tax"] > 0


def test_phone_formats() -> None:
    assert [format_phone("2025550123", style) for style in range(len(PHONE_FORMATS))] == [
        "+12025550123",
        "12025550123",
        "2025550123",
        "(202) 555-0123",
    ]
    assert len({synthetic_phone(number) for number in range(6_000)}) == 6_000
