"""What is written comes back the same: every value of the domain through a real document."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.firestore import DELETE_FIELD, Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.domain.counting import Count
from lib.domain.customers import Contact, Customer, Opening
from lib.domain.errors import FailedPrecondition, InvalidInput, InvariantBroken, NotFound
from lib.domain.grants import Accrual, Rate, Share
from lib.domain.ledger import Account, EntryKind, Journal
from lib.domain.lots import Lot
from lib.domain.segments import SpendStats
from lib.domain.settings import DEFAULT_SETTINGS
from lib.domain.standing import refreshed
from lib.store import accruals, customers, ledger, transaction
from lib.store.org import OrgStore
from tests.domain.test_ledger import memo

ORG = "org_a"
NOW = datetime(2026, 4, 15, 12, 0, 0, 123456, tzinfo=UTC)

instants = st.timedeltas(timedelta(days=-9000), timedelta(days=60000)).map(lambda ago: NOW + ago)
maybe_instants = st.none() | instants
naturals = st.integers(0, 10**12)
decimals = st.decimals("0", "1000", places=6)
ids = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)
shares_of = st.lists(st.builds(Share, ids, maybe_instants, naturals, maybe_instants), max_size=4).map(tuple)
lots_of = st.lists(st.builds(Lot, ids, maybe_instants, naturals), max_size=4).map(tuple)
rates = st.builds(
    Rate, decimals, decimals, st.sampled_from(["total", "subtotal"]), maybe_instants, st.booleans(), maybe_instants
)
records = st.builds(
    Accrual,
    order_id=ids,
    revision=st.just("2026-04-15T12:00:00.123456789Z"),
    customer_id=st.none() | ids,
    count=st.none() | st.builds(Count, naturals, instants),
    points=naturals,
    carried_points=naturals,
    lots=shares_of,
    rate=st.none() | rates,
    rule_version=ids,
    seqs=st.lists(st.integers(1, 10**6), max_size=5).map(tuple),
    reversals=st.integers(0, 9),
    created_at=instants,
)
stats = st.builds(SpendStats, st.integers(0, 999), naturals, maybe_instants, maybe_instants)
texts = st.none() | st.text(min_size=1, max_size=20)
people = st.builds(
    Customer,
    account=st.builds(Account, st.just(ORG), st.just("c1"), naturals, ids, lots=lots_of),
    stats=stats,
    order_points=naturals,
    opening=st.builds(Opening, naturals, stats),
    opened=st.just(True),
    contact=st.builds(Contact, texts, texts, texts, texts, texts),
    pos_id=st.none() | st.integers(1, 10**9).map(str),
    identities=st.lists(ids, max_size=3).map(tuple),
    spending_key=st.none() | ids,
)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def org(project: str, firestore: Client) -> OrgStore:
    return OrgStore(ORG)


@few
@given(record=records)
def test_accrual_records(org: OrgStore, record: Accrual) -> None:
    transaction.run(lambda running: accruals.save(running, org, record, NOW))
    assert accruals.decode(accruals.reference(org, record.order_id).get()) == record


@few
@given(customer=people)
def test_customers(org: OrgStore, customer: Customer) -> None:
    org.customer("c1").delete()
    known = refreshed(customer, DEFAULT_SETTINGS, NOW)
    transaction.run(lambda running: customers.save(running, org, known, before=None, now=NOW))
    found = customers.decode(org, org.customer("c1").get())
    assert found is not None
    assert known.standing is not None
    assert (found.tier, found.segment, found.tier_updated_at) == (known.standing.tier, known.standing.segment, NOW)
    for name in ("account", "stats", "order_points", "opening", "contact", "pos_id", "identities", "spending_key"):
        assert getattr(found, name) == getattr(known, name)


def test_a_customer_stored_before_time_was_kept_is_still_read(org: OrgStore) -> None:
    """Accounts, entries and records of earlier versions have neither parcels, nor months, nor dates of release."""
    journal = Journal(Account(ORG, "c1"), NOW)
    journal.credit(EntryKind.EARN, 100, NOW + timedelta(days=90), memo("earn"))
    customer = Customer(journal.account, stats=SpendStats(1, 100_00, NOW, NOW), opened=True, monthly_spend={})
    known = refreshed(customer, DEFAULT_SETTINGS, NOW)
    transaction.run(lambda running: customers.save(running, org, known, before=None, now=NOW))
    reference = org.customer("c1")
    later = ("parcels", "segment", "expiryWarnedTo", "monthlySpend", "tierClaimCents", "lapsedCents", "tierLapsedAt")
    gone = [f"loyalty.{name}" for name in (*later, "tierShortFrom", "tierWarnedOf")]
    reference.update(dict.fromkeys((*gone, "dueAt", "dueTierAt"), DELETE_FIELD))
    found = customers.decode(org, reference.get())
    assert found is not None
    assert (found.account, found.monthly_spend, found.segment) == (journal.account, None, "new")
    again = refreshed(found, DEFAULT_SETTINGS, NOW, before=found)
    assert again.standing == known.standing
    assert again.monthly_spend == {"2026-04": 100_00}
    record = accruals.encode(Accrual("o1", rate=Rate(Decimal(1), Decimal(1), "total", None), created_at=NOW), NOW)
    del record["rate"]["releaseAt"]
    accruals.reference(org, "o1").set(record)
    assert accruals.decode(accruals.reference(org, "o1").get()) is not None


def test_parcels_keep_their_entries_hash_through_a_document(org: OrgStore) -> None:
    journal = Journal(Account(ORG, "c1"), NOW)
    journal.credit_later(EntryKind.EARN, 100, NOW + timedelta(days=7), NOW + timedelta(days=400), memo("earn"))
    journal.claw_back(40, memo("refund"), own_pending={"1": 40})
    later = Journal(journal.account, NOW + timedelta(days=8))
    later.age("rules")
    transaction.run(lambda running: ledger.append(running, org, [*journal.entries, *later.entries]))
    stored = transaction.run(lambda running: ledger.all_entries(running, org, "c1"))
    assert stored == [*journal.entries, *later.entries]
    account = ledger.decode_account(ORG, "c1", ledger.encode_account(journal.account))
    assert account == journal.account


def test_entries_keep_their_hash_through_a_document(org: OrgStore) -> None:
    journal = Journal(Account(ORG, "c1"), NOW)
    journal.credit(EntryKind.EARN, 100, NOW + timedelta(days=400, microseconds=7), memo("earn"))
    held = journal.hold(40, memo("hold"))
    journal.capture(held.lots, 30, memo("capture"))
    journal.claw_back(500, memo("refund"))
    transaction.run(lambda running: ledger.append(running, org, journal.entries))
    stored = transaction.run(lambda running: ledger.all_entries(running, org, "c1"))
    assert stored == journal.entries
    assert transaction.run(lambda running: ledger.last(running, org, "c1")) == journal.entries[-1]
    assert [entry.seq for entry in ledger.page(org, "c1", before_seq=4, limit=2)] == [3, 2]


def test_an_entry_is_never_written_over(org: OrgStore) -> None:
    journal = Journal(Account(ORG, "c1"), NOW)
    journal.credit(EntryKind.EARN, 100, None, memo("earn"))
    transaction.run(lambda running: ledger.append(running, org, journal.entries))
    another = Journal(Account(ORG, "c1"), NOW)
    another.credit(EntryKind.EARN, 999, None, memo("other"))
    with pytest.raises(FailedPrecondition):
        transaction.run(lambda running: ledger.append(running, org, another.entries))
    assert [entry.points for entry in ledger.page(org, "c1")] == [100]


@pytest.mark.parametrize(
    ("fields", "points", "stats"),
    [
        ({}, 0, SpendStats()),
        ({"points": 12.7, "totalSpent": 99.99, "orderCount": 3}, 12, SpendStats(3, 9999)),
        ({"points": "many", "totalSpent": "99", "orderCount": None, "lastOrderDate": "yesterday"}, 0, SpendStats()),
        ({"points": -5, "totalSpent": -1, "orderCount": True}, 0, SpendStats()),
        ({"points": float("nan"), "totalSpent": float("inf"), "orderCount": 1e300}, 0, SpendStats()),
        ({"lastOrderDate": NOW, "firstOrderDate": NOW}, 0, SpendStats(0, 0, NOW, NOW)),
    ],
)
def test_what_others_stored_is_taken_over_as_far_as_it_makes_sense(
    org: OrgStore, fields: dict[str, Any], points: int, stats: SpendStats
) -> None:
    org.customer("c1").set({"orgId": ORG, **fields})
    customer = customers.decode(org, org.customer("c1").get())
    assert customer is not None
    assert (customer.opened, customer.opening) == (False, Opening(points, stats))


class TestOneOrgOnly:
    @pytest.mark.parametrize("fields", [{"orgId": "org_b"}, {"orgId": 7}, {}, None])
    def test_documents_of_others_look_like_missing_ones(self, org: OrgStore, fields: dict[str, Any] | None) -> None:
        if fields is not None:
            org.customer("c1").set(fields)
        assert customers.decode(org, org.customer("c1").get()) is None
        with pytest.raises(NotFound):
            transaction.run(lambda running: customers.load(running, org, "c1"))

    def test_nothing_of_another_org_can_be_written(self, org: OrgStore) -> None:
        stranger = refreshed(Customer(Account("org_b", "c1")), DEFAULT_SETTINGS, NOW)
        with pytest.raises(InvariantBroken):
            customers.encode(org, stranger, before=None, now=NOW)

    @pytest.mark.parametrize("org_id", ["", "a/b", "x" * 129, ".."])
    def test_what_is_no_org_id_has_no_store(self, project: str, org_id: str) -> None:
        with pytest.raises(InvalidInput):
            OrgStore(org_id)

    def test_queries_see_this_org_only(self, org: OrgStore) -> None:
        for org_id in (ORG, "org_b"):
            for collection in ("customers", "orders", "customer_activities"):
                org.client.document(collection, f"of_{org_id}").set({"orgId": org_id})
        for query in (org.customers(), org.orders(), org.activities()):
            assert [found.id for found in query.stream()] == [f"of_{ORG}"]
