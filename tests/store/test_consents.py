"""Consent logs in the database: read for many at once, written by many at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from lib.domain.consent import Channel, ConsentEvent, ConsentKind, ConsentSource
from lib.store import consents, opting
from lib.store import transaction as transactions
from lib.store.consents import Asked
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def enter(org: OrgStore, address: str, cause: str, second: int) -> bool:
    at = NOW + timedelta(seconds=second)
    event = ConsentEvent(ConsentKind.MARKETING_WITHDRAWN, ConsentSource.SIGNED_LINK, at, at)

    def work(transaction: Transaction) -> bool:
        opened = opting.open_log(transaction, org, Channel.EMAIL, address, cause=cause)
        return opting.enter(transaction, org, opened, event).changed

    return transactions.run(work)


def test_fifty_at_once_each_have_their_own_answer(firestore: Client) -> None:
    org = OrgStore("org_a")
    addresses = [f"reader{number}@example.com" for number in range(50)]
    rows = firestore.collection("customer_unsubscribes")
    batch = firestore.batch()
    # More rows of one address than a page holds must not hide another's only one.
    for number in range(320):
        batch.set(rows.document(f"many{number}"), {"orgId": "org_a", "email": addresses[0]})
    batch.set(rows.document("zz"), {"orgId": "org_a", "email": addresses[7]})
    batch.set(rows.document("other"), {"orgId": "org_b", "email": addresses[8]})
    batch.set(firestore.document("email_suppressions", addresses[9]), {"reason": "complaint"})
    batch.set(firestore.document("email_suppressions", addresses[10]), {"reason": "complaint", "orgId": "org_b"})
    batch.commit()
    enter(org, addresses[3], "one", 0)
    found = consents.states(org, Channel.EMAIL, [Asked(address) for address in addresses], NOW)
    assert [number for number, state in enumerate(found) if state.is_opted_out] == [0, 3, 7]
    assert [number for number, state in enumerate(found) if state.has_complained] == [9]
    in_transaction = transactions.run(
        lambda transaction: consents.states(org, Channel.EMAIL, [Asked(it) for it in addresses], NOW, transaction)
    )
    assert in_transaction == found


def test_an_address_with_a_slash_has_a_log_and_no_suppression(firestore: Client) -> None:
    org, address = OrgStore("org_a"), "a/b@example.com"
    assert enter(org, address, "one", 0)
    assert consents.states(org, Channel.EMAIL, [Asked(address)], NOW)[0].is_opted_out


def test_what_many_say_at_once_is_all_entered_and_the_same_thing_once(firestore: Client) -> None:
    org, address = OrgStore("org_a"), "ann@example.com"
    with ThreadPoolExecutor(8) as pool:
        # Two minutes apart; each is told twice.
        entered = list(
            pool.map(lambda number: enter(org, address, f"cause {number // 2}", 120 * (number // 2)), range(8))
        )
    log = consents.states(org, Channel.EMAIL, [Asked(address)], NOW)[0]
    assert sum(entered) == 4
    assert log.marketing_withdrawn_at == NOW + timedelta(seconds=360)
    assert len(consents.history(org, Channel.EMAIL, address, 10)) == 4


def test_an_objection_of_a_slow_vendor_reaches_only_who_still_has_the_address(firestore: Client) -> None:
    org, address = OrgStore("org_a"), "ann@example.com"
    profiles: dict[str, dict[str, Any]] = {
        "same": {"orgId": "org_a", "email": "Ann@Example.com", "emailConsent": True},
        "moved": {"orgId": "org_a", "email": "new@example.com", "emailConsent": True},
        "foreign": {"orgId": "org_b", "email": address, "emailConsent": True},
    }
    for customer_id, fields in profiles.items():
        firestore.document("customers", customer_id).set(fields)
    event = ConsentEvent(ConsentKind.COMPLAINED, ConsentSource.VENDOR, NOW, NOW)

    def work(transaction: Transaction) -> None:
        opened = opting.open_log(
            transaction, org, Channel.EMAIL, address, cause="c", customer_ids=["same", "moved", "foreign", "gone"]
        )
        opting.enter(transaction, org, opened, event)

    transactions.run(work)
    flags = {it: firestore.document("customers", it).get().get("emailConsent") for it in profiles}
    assert flags == {"same": False, "moved": True, "foreign": True}
