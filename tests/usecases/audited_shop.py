"""A small shop, made by the product, with everything in it that the audit looks at, and a way to break it by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from lib.domain import dates, runs, shards
from lib.domain import messages as domain_messages
from lib.domain.campaigns import Group, Recipient, recipient_id
from lib.domain.checkout import TillOrder, Wish
from lib.domain.commands import Command
from lib.domain.consent import Channel, ConsentKind, ConsentSource, consent_id
from lib.domain.frequency import MessageType
from lib.domain.identity import IdentityKey, IdentityKind, identity_id
from lib.domain.ids import fingerprint
from lib.domain.integrations import AlpineIntegration
from lib.domain.ledger import Actor
from lib.domain.occasions import PersonKey, record_id
from lib.domain.reconciliation import Member, Policy, State
from lib.domain.runs import Run, Sums
from lib.domain.settings import DEFAULT_SETTINGS
from lib.domain.shards import Problem, Shard, Tally, Visits
from lib.domain.unsubscribe import UnsubscribeRequest
from lib.store import messages as messages_store
from lib.store import recipients
from lib.store import runs as runs_store
from lib.store import settings as settings_store
from lib.store import shards as shards_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import automations, campaign_results, consents, messaging, points, redemptions, settings
from lib.usecases.orders import OrderChange, record_order
from lib.usecases.reconciliation.comparing import By, Sync, compare

ORG, OTHER_ORG = "org_a", "org_b"
ANN, BOB, DEE, EVE, OLD = "org_a_77", "org_a_78", "org_a_79", "org_b_77", "org_a_90"
ANNS_PHONE = "+12015550123"
NOW = datetime.now(UTC)
# The name of a pretended field: the path of the document whose fields a new one takes over.
COPY_OF = "copy of"


class Shop:
    """Two orgs on one database. `written` merges a document and lets the product record orders."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.paths: dict[str, str] = {}
        self._calls = 0

    def named(self, path: str) -> str:
        """The path with the names in braces replaced by what they stand for."""
        return path.format_map(self.paths)

    def order(self, order_id: str, *, dollars: float = 100, status: str = "completed", **fields: Any) -> None:
        """Writes an order and delivers its event, as the POS sync and Eventarc would."""
        reference = self.client.document("orders", order_id)
        before = reference.get()
        content = {"status": status, "totals": {"total": dollars}, "source": "alleaves", **fields}
        reference.set(content, merge=True)
        after = reference.get()
        change = OrderChange(order_id, before.to_dict(), after.to_dict(), after.create_time, after.update_time)
        record_order(change)

    def command(self, function: str, org_id: str = ORG, **fields: Any) -> Command:
        self._calls += 1
        key = f"key-{self._calls}"
        return Command(function, org_id, Actor("staff", "till-1"), key, fingerprint(fields), datetime.now(UTC))

    def hold(self, customer_id: str, order_id: str, cents: int = 100_00) -> str:
        answer = redemptions.hold(
            self.command("hold_redemption"), customer_id, TillOrder(order_id, cents), Wish(points=100)
        )
        redemption_id: str = answer["redemption"]["id"]
        return redemption_id

    def finished_run(self) -> tuple[str, str]:
        """Paths of a run that is done and of its shard: Ann and Bob were changed, Old was poisoned."""
        run, claimed = self._started_run("night")
        visits = Visits(Tally(2, 1, {"changed": 2}), poisoned=(Problem(OLD, "KeyError"),))
        shard = shards.advanced(claimed, claimed.batch, visits, NOW)
        sums = Sums(shard.tally, shards_done=1, errors=shard.errors)
        return self._saved_run(runs.finished(run, sums, NOW), shard)

    def open_run(self) -> tuple[str, str]:
        """Paths of a run that is running and of its shard, which is being worked; Bob is to be tried again."""
        run, claimed = self._started_run("noon")
        visits = Visits(Tally(2, 0, {"changed": 2}), busy=(BOB,))
        return self._saved_run(run, shards.advanced(claimed, claimed.batch, visits, NOW))

    def compare_with_alpine_iq(self, customer_id: str, figure: int) -> None:
        """Leaves a difference open: Alpine IQ says `figure` of its contact c1."""
        integration = AlpineIntegration(account_id="1", policy=Policy.ALERT_ONLY, freshness_hours=0)
        by = By("night", Actor("system", "sync"), datetime.now(UTC))
        sync = Sync(OrgStore(ORG), integration, settings_store.load(OrgStore(ORG)), by)
        outcome = compare(sync, customer_id, Member(figure, by.at, contact_id="c1"))
        assert outcome is not None and outcome.judgement.state is State.OPEN

    def sent_message(self) -> str:
        """Path of a text that Ann has got, and after which she wanted no more."""
        message = domain_messages.Message(
            org_id=ORG,
            customer_id=ANN,
            channel=Channel.SMS,
            cause=domain_messages.Cause("campaign", "spring:1"),
            kind=MessageType.CAMPAIGN,
            template_id="t",
            created_at=NOW,
            send_after=NOW,
            good_until=NOW + timedelta(days=2),
            campaign_id="spring",
        )
        chosen = Recipient("spring", ANN, Channel.SMS, 1, Group.TREATED, True, NOW, message_id=message.id)
        transactions.run(lambda transaction: recipients.create(transaction, OrgStore(ORG), [chosen]))
        draft = domain_messages.Draft(ANNS_PHONE, "Hello")
        sent = domain_messages.accepted(domain_messages.claimed(message, draft, "blackleaf", NOW), "m1", NOW)
        transactions.run(lambda transaction: messages_store.queue(transaction, OrgStore(ORG), message))
        transactions.run(lambda transaction: messages_store.save(transaction, OrgStore(ORG), sent, NOW))
        wish = UnsubscribeRequest(ORG, Channel.SMS, ANNS_PHONE, signed=True)
        assert consents.follow(wish, consents.Choice.UNSUBSCRIBE)
        return f"customer_communications/{message.id}"

    def claimed_order(self) -> tuple[str, str]:
        """Paths of an order that a campaign claims, and of its recipient: Dee bought after she had a text."""
        chosen = Recipient("summer", DEE, Channel.SMS, 1, Group.TREATED, True, NOW)
        transactions.run(lambda transaction: recipients.create(transaction, OrgStore(ORG), [chosen]))
        path = f"campaigns/summer/recipients/{chosen.id}"
        self.client.document(path).update({"status": "sent", "sentAt": NOW})
        self.client.document("campaigns/summer").set(
            {"orgId": ORG, "name": "Summer", "status": "sent", "channels": ["sms"], "following": True, "sentAt": NOW}
        )
        self.order("o9", createdAt=NOW + timedelta(seconds=1), orgId=ORG, customerId=DEE)
        campaign_results.follow()
        # An hour later orders are looked at again, and nothing has changed.
        self.client.document("campaigns/summer").update({"followed.ordersUntil": NOW + timedelta(hours=1)})
        return "campaigns/summer/attributions/o9", path

    def birthday(self, customer_id: str) -> str:
        """Gives somebody points for it; the path of the record."""
        words = {"sms": {"body": "Hi"}, "bonusPoints": 25, "enabled": True}
        assert messaging.update(self.command("update"), {"automations": {"birthday": words}})["ok"]
        today = dates.local_day(NOW, DEFAULT_SETTINGS.time_zone)
        self.client.document("customers", customer_id).set({"orgId": ORG, "birthDate": today.isoformat()})
        search = {"kind": "birthday", "first": today.isoformat(), "last": today.isoformat(), "since": NOW.isoformat()}
        assert automations.visit(lambda _: None, OrgStore(ORG), search, customer_id)["bonusPoints"] == 25
        key = PersonKey("customer", customer_id)
        return f"tenants/{ORG}/occasions/{record_id(ORG, MessageType.BIRTHDAY, key)}"

    def _started_run(self, key: str) -> tuple[Run, Shard]:
        run = runs.new_run(ORG, "recalculation", key, {}, Actor("system", "tests"), NOW)
        run, (shard,) = runs.with_members(run, [ANN, BOB, OLD], NOW, is_last=True)
        claimed = shards.claimed(shard, "worker", NOW)
        assert claimed
        return run, claimed

    def _saved_run(self, run: Run, shard: Shard) -> tuple[str, str]:
        def work(transaction: Transaction) -> None:
            runs_store.save(transaction, OrgStore(ORG), run)
            shards_store.create(transaction, OrgStore(ORG), [shard])

        transactions.run(work)
        path = f"tenants/{ORG}/runs/{run.id}"
        return path, f"{path}/shards/{shard.id}"

    @contextmanager
    def broken(self, path: str, change: dict[str, Any] | None) -> Iterator[None]:
        """The document with these fields overwritten (dotted paths; None deletes it), put back at the end."""
        reference = self.client.document(path)
        original = reference.get().to_dict()
        if change is None:
            reference.delete()
        elif original is None:
            copied = change.get(COPY_OF)
            source = self.client.document(self.named(copied)).get().to_dict() if copied else None
            reference.set({**(source or {}), **{name: change[name] for name in change if name != COPY_OF}})
        else:
            reference.update(change)
        try:
            yield
        finally:
            if original is None:
                reference.delete()
            else:
                reference.set(original)


def open_shop(client: Client) -> Shop:
    """Ann earns, redeems, is refunded; Bob takes over one of her orders; Old has a balance from before; Dee has her
    birthday and answers a campaign; Eve is of another org and has Ann's POS number and address there."""
    shop = Shop(client)
    settings.update(shop.command("update_loyalty_settings"), {"pointsPerDollar": 2, "pointsExpireMonths": 12})
    client.document("customers", OLD).set({"orgId": ORG, "points": 40, "totalSpent": 80.0, "orderCount": 2,
        "firstOrderDate": NOW - timedelta(days=50), "lastOrderDate": NOW - timedelta(days=40),
        "alleavesCustomerId": "cid_90", "email": "old@example.com"})  # fmt: skip
    ann: dict[str, Any] = {
        "orgId": ORG,
        "userId": "77",
        "customer": {"email": "ann@example.com", "phone": "2015550123"},
    }
    bob: dict[str, Any] = {"orgId": ORG, "userId": "78", "customer": {"email": "bob@example.com"}}
    shop.order("o1", createdAt=NOW - timedelta(days=20), **ann)
    shop.order("o2", createdAt=NOW - timedelta(days=10), **ann)
    shop.order("o3", createdAt=NOW - timedelta(days=5), dollars=49.99, **ann)
    shop.order("o4", createdAt=NOW - timedelta(days=4), **bob)
    shop.order("o5", createdAt=NOW - timedelta(days=3), dollars=30, **ann)
    shop.order("o6", createdAt=NOW - timedelta(days=2), userId="90", orgId=ORG)
    shop.order("e1", orgId=OTHER_ORG, userId="77", customer={"email": "ann@example.com"})
    captured, returned = shop.hold(ANN, "o2"), shop.hold(ANN, "o3", 49_99)
    redemptions.capture(shop.command("capture_redemption"), captured, 50)
    redemptions.capture(shop.command("capture_redemption"), returned, None)
    shop.order("o3", status="refunded")
    shop.order("o5", customerId=BOB)
    hold = shop.command("hold_redemption")
    held = redemptions.hold(hold, ANN, TillOrder("till-9", 100_00), Wish(points=100))["redemption"]["id"]
    points.adjust(shop.command("adjust_points"), BOB, 30, "sorry")
    shop.compare_with_alpine_iq(BOB, 1000)
    consents.record(
        shop.command("set_consent"),
        consents.Person(customer_id=ANN),
        Channel.EMAIL,
        consents.Statement(ConsentKind.MARKETING_GRANTED, ConsentSource.CHECK_IN, "May we?"),
    )
    consents.follow(UnsubscribeRequest(ORG, Channel.EMAIL, "ann@example.com", signed=True), consents.Choice.UNSUBSCRIBE)
    log = f"tenants/{ORG}/consents/{consent_id(ORG, Channel.EMAIL, 'ann@example.com')}"
    granted, withdrawn = client.collection(f"{log}/events").order_by("recordedAt").get()
    run, shard = shop.finished_run()
    open_run, open_shard = shop.open_run()
    dees_record = shop.birthday(DEE)
    claim, dees_recipient = shop.claimed_order()
    tenant = f"tenants/{ORG}"
    shop.paths = {
        "tenant": tenant,
        "menu": f"{tenant}/public/menu",
        **{name: f"customers/{customer}" for name, customer in (("ann", ANN), ("bob", BOB), ("old", OLD))},
        **{f"ann_{seq}": f"customers/{ANN}/ledger/{seq:010d}" for seq in range(1, 13)},
        **{order_id: f"{tenant}/accruals/{order_id}" for order_id in ("o1", "o2", "o3", "new")},
        "captured": f"{tenant}/redemptions/{captured}",
        "returned": f"{tenant}/redemptions/{returned}",
        "held": f"{tenant}/redemptions/{held}",
        "x": f"{tenant}/redemptions/x",
        "log": log,
        "granted": f"{log}/events/{granted.id}",
        "withdrawn": f"{log}/events/{withdrawn.id}",
        "message": shop.sent_message(),
        "recipient": f"campaigns/spring/recipients/{recipient_id('spring', ANN, Channel.SMS, 1)}",
        "dees_record": dees_record,
        "claim": claim,
        "dees_recipient": dees_recipient,
        "dee_1": f"customers/{DEE}/ledger/0000000001",
        "run": run,
        "shard": shard,
        "open_run": open_run,
        "open_shard": open_shard,
        "held_receipt": f"{tenant}/receipts/{hold.id_of('receipt')}",
        "bobs_contact": f"{tenant}/alpine_contacts/c1",
        "bobs_discrepancy": f"{tenant}/discrepancies/{BOB}",
        "bobs_spending": f"{tenant}/customer_spending/bob@example.com",
        "bobs_identity": f"{tenant}/identities/{identity_id(ORG, IdentityKey(IdentityKind.EMAIL, 'bob@example.com'))}",
    }
    return shop
