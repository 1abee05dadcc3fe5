"""A shop that is connected to a sandboxed Alpine IQ account: its customers here, its contacts there, and nights."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.vendors.client import SandboxClient
from lib.domain.identity import IdentityKey, IdentityKind, identity_id
from lib.domain.ledger import Actor
from lib.platform import clock
from lib.store.org import OrgStore
from lib.usecases import points, reconciliation
from lib.usecases.reconciliation import exporting
from tests.usecases.till import Till

STAFF = Actor("staff", "manager")
CONTACTS = "/api/v1.1/piis/.*"


class Clock:
    """The time of a test, which only it moves."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def pass_(self, **time: float) -> None:
        self._offset += timedelta(**time)


class Shop:
    """One org and its account. Customers are named as contacts are: "ada" has the number that contact "ada" has."""

    def __init__(
        self,
        firestore: Client,
        sandbox: SandboxClient,
        time: Clock,
        monkeypatch: pytest.MonkeyPatch,
        **integration: Any,
    ) -> None:
        self.client, self.sandbox, self.time = firestore, sandbox, time
        self.org_id, self.uid, self.key = "org_a", str(uuid.uuid4().int)[:12], uuid.uuid4().hex
        self.till = Till(firestore, self.org_id)
        monkeypatch.setattr(clock, "now", time.now)
        monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({self.org_id: self.key}))
        monkeypatch.setenv("ALPINE_IQ_BASE_URL", sandbox.base_url)
        sandbox.put_account(self.uid, apiKey=self.key)
        self.connect(**integration)
        self._nights = 0

    def connect(self, **integration: Any) -> None:
        """Writes the connection anew."""
        fields = {"accountId": self.uid, "lagHours": 0, **integration}
        self.client.document("tenants", self.org_id, "integrations", "alpine_iq").set(fields)

    def customer(self, name: str, count_points: int = 0, **fields: Any) -> str:
        """A customer of the ledger who is recognised by a telephone number and an address."""
        customer_id = f"{self.org_id}_{name}"
        phone, email = f"+1{number(name)}", f"{name}@example.com"
        document = {"orgId": self.org_id, "email": email, "phone": phone, **fields}
        self.client.document("customers", customer_id).set(document)
        command = self.till.command("adjust_points")
        points.adjust(command, customer_id, count_points or 1, "opening stock")
        if not count_points:
            points.adjust(self.till.command("adjust_points"), customer_id, -1, "opening stock")
        keys = [IdentityKey(IdentityKind.PHONE, phone), IdentityKey(IdentityKind.EMAIL, email)]
        ids = [identity_id(self.org_id, key) for key in keys]
        for key, each in zip(keys, ids, strict=True):
            fields = {"kind": key.kind.value, "customerId": customer_id, "createdAt": self.time.now()}
            self.client.document("tenants", self.org_id, "identities", each).set(fields)
        self.client.document("customers", customer_id).update({"loyalty.identities": ids})
        return customer_id

    def contact(self, name: str, loyalty_points: Any, **fields: Any) -> None:
        """A member over there."""
        contact = {"contactID": name, "mobilePhone": number(name), "email": f"{name}@example.com", "loyalty": True}
        self.sandbox.put(self.uid, "contacts", [{**contact, "loyaltyPoints": loyalty_points, **fields}])

    def both(self, name: str, ours: int, theirs: int, **contact: Any) -> str:
        """A customer who is a member."""
        self.contact(name, theirs, **contact)
        return self.customer(name, ours)

    def night(self) -> Counter[str]:
        """A sync of the whole org: what its run would count."""
        self._nights += 1
        params = reconciliation.begin(self.org_id, f"night-{self._nights}")
        org = OrgStore(self.org_id)
        counts: Counter[str] = Counter()
        after: str | None = None
        while blocks := reconciliation.members(org, params, after, 2):
            for block in blocks:
                counts.update(reconciliation.visit(org, params, block))
            after = blocks[-1]
        return Counter({name: count for name, count in counts.items() if count})

    def ask(self, customer_id: str) -> dict[str, Any]:
        """A sync of one customer."""
        return reconciliation.sync_customer(self.org_id, customer_id, uuid.uuid4().hex, STAFF)

    def shown(self, customer_id: str) -> dict[str, Any]:
        """The fields of the customer's document that syncs write, and the balance."""
        fields = self.till.read(f"customers/{customer_id}")
        names = ("points", "pointsFromAlpine", "alpineTier", "loyaltyReconciled", "loyaltyDiscrepancy", "alpineUserId")
        return {name: fields.get(name) for name in names}

    def state(self, customer_id: str) -> str | None:
        link = self.till.read(f"customers/{customer_id}").get("alpine") or {}
        state: str | None = link.get("state")
        return state

    def discrepancy(self, customer_id: str) -> dict[str, Any] | None:
        return self.client.document("tenants", self.org_id, "discrepancies", customer_id).get().to_dict()

    @property
    def asked(self) -> int:
        """Requests since the last time."""
        told: int = self.sandbox.ask("DELETE", "/requests")["total"]
        return told


def number(name: str) -> str:
    """A telephone number of its own for each name: ten digits."""
    return f"415555{1000 + sum(ord(letter) * 7**place for place, letter in enumerate(name)) % 9000:04}"


def small_blocks(monkeypatch: pytest.MonkeyPatch, size: int = 2) -> None:
    """So few customers a block that a test has several."""
    monkeypatch.setattr(exporting, "BLOCK_CUSTOMERS", size)
