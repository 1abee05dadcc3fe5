"""Shops that send messages, on one stack with queues and the vendors' sandboxes; one shop a test."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from google.cloud.firestore import Client, FieldFilter

from emulator.client import StackClient
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.domain import messages as message_states
from lib.domain.consent import Channel, consent_id
from lib.domain.frequency import MessageType
from lib.domain.messages import Cause, Draft, Message
from lib.domain.unsubscribe import SigningKeys, make_token
from lib.platform.links import LINK_KEYS
from lib.store import messages as message_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

SECRET, PASSWORD = "in-the-path", "in-the-header"
KEYS = SigningKeys({"2026": b"a secret of enough bytes", "2025": b"the secret of last year"}, "2026")
NOW = datetime.now(UTC).replace(microsecond=0)

_ORGS = [f"org_{number}" for number in range(300)]
_numbers, _calls = count(), count()


class Shop:
    """An org of the stack, its customers and its accounts at the vendors."""

    def __init__(self, stack: Stack, org_id: str, client: Client) -> None:
        self.org_id = org_id
        self.client = client
        self.api = StackClient(stack.project, stack.firestore, stack.functions)
        self.blackleaf = SandboxClient(stack.vendors, "blackleaf")
        self.mailjet = SandboxClient(stack.vendors, "mailjet")
        client.document("tenants", org_id).set({"name": "Green"})

    @property
    def blackleaf_webhook(self) -> str:
        return f"{self.api.url('blackleaf_webhook')}/{self.org_id}/{SECRET}"

    @property
    def mailjet_webhook(self) -> str:
        url = f"{self.api.url('mailjet_webhook')}/{self.org_id}/{SECRET}"
        return url.replace("http://", f"http://mailjet:{PASSWORD}@")

    def post(self, url: str, body: Any, **options: Any) -> requests.Response:
        return requests.post(url, data=body if isinstance(body, bytes) else json.dumps(body), timeout=60, **options)

    def call(self, name: str, *, role: str = "budtender", **data: Any) -> Any:
        key = {} if name.startswith("get_") else {"idempotencyKey": f"key-{next(_calls)}"}
        token = self.api.token(self.org_id, role, "cashier")
        return self.api.call(name, {"orgId": self.org_id, **key, **data}, token=token)

    def customer(self, name: str, **fields: Any) -> str:
        customer_id = f"{self.org_id}_{name}"
        self.client.document("customers", customer_id).set({"orgId": self.org_id, **fields})
        return customer_id

    def profile(self, customer_id: str) -> dict[str, Any]:
        return self.client.document("customers", customer_id).get().to_dict() or {}

    def told(self, **who: Any) -> dict[str, tuple[bool, str | None]]:
        """What get_consent says of marketing and of transactional messages on one channel."""
        (channel,) = self.call("get_consent", **who)["channels"].values()
        return {purpose: (channel[purpose]["allowed"], channel[purpose]["reason"]) for purpose in PURPOSES}

    def marketing(self, channel: Channel, address: str, customer_id: str | None = None) -> str | None:
        """Why there may be no marketing; None if there may be."""
        who = {"customerId": customer_id} if customer_id else {"address": address}
        return self.told(channel=channel.value, **who)["marketing"][1]

    def state(self, channel: Channel, address: str) -> dict[str, Any]:
        path = ("tenants", self.org_id, "consents", consent_id(self.org_id, channel, address))
        return self.client.document(*path).get().to_dict() or {}

    def log(self, channel: Channel, address: str) -> list[tuple[str, str]]:
        """Kind and source of each entry, the first first."""
        path = ("tenants", self.org_id, "consents", consent_id(self.org_id, channel, address), "events")
        return [
            (it.get("kind"), it.get("source")) for it in self.client.collection(*path).order_by("recordedAt").stream()
        ]

    def rows(self, collection: str) -> list[dict[str, Any]]:
        query = self.client.collection(collection).where(filter=FieldFilter("orgId", "==", self.org_id))
        return [row.to_dict() or {} for row in query.stream()]

    def inbox(self) -> dict[str, dict[str, Any]]:
        return {it.id: it.to_dict() or {} for it in self.client.collection("tenants", self.org_id, "inbox").stream()}

    def worked(self, number: int) -> dict[str, dict[str, Any]]:
        """The inbox, when so many events have been worked."""

        deadline = time.monotonic() + 60
        while len(found := self.inbox()) != number or any(it["status"] == "received" for it in found.values()):
            assert time.monotonic() < deadline, f"not worked within a minute: {found}"
            time.sleep(0.02)
        return found

    def token(self, channel: Channel, address: str) -> str:
        return make_token(self.org_id, channel, address, KEYS)

    def visit(self, token: str, method: str = "POST", **form: str) -> requests.Response:
        url = self.api.url("unsubscribe")
        return requests.request(method, url, params={"token": token}, data=form, timeout=60, allow_redirects=False)

    def sent(self, channel: Channel, customer_id: str, address: str, provider_id: str, link_url: str = "") -> str:
        """A message that was handed over an hour ago; its id."""
        at = NOW - timedelta(hours=1)
        cause = Cause("test", provider_id)
        new = Message(
            self.org_id, customer_id, channel, cause, MessageType.CAMPAIGN, "words", at, at, at + timedelta(days=1),
            link_url=link_url,
        )  # fmt: skip
        provider = "blackleaf" if channel is Channel.SMS else "mailjet"
        claimed = message_states.claimed(new, Draft(address, "Hello"), provider, at)

        def work(transaction: Transaction) -> None:
            message_store.queue(transaction, OrgStore(self.org_id), new)

        transactions.run(work)
        after = message_states.accepted(claimed, provider_id, at)
        transactions.run(lambda transaction: message_store.save(transaction, OrgStore(self.org_id), after, at))
        return new.id

    def message(self, message_id: str) -> dict[str, Any]:
        return self.client.document("customer_communications", message_id).get().to_dict() or {}


PURPOSES = ("marketing", "transactional")


@pytest.fixture(scope="package")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stack's processes write their logs."""
    return tmp_path_factory.mktemp("messages")


@pytest.fixture(scope="package")
def house(logs: Path) -> Iterator[Stack]:
    """A stack in whose environment every org has its accounts and secrets."""
    keys = {"current": KEYS.current, "keys": {name: secret.decode() for name, secret in KEYS.secrets.items()}}
    with pytest.MonkeyPatch.context() as environment:
        for name in ("FIRESTORE_EMULATOR_HOST", "TASKS_SERVICE_ACCOUNT"):
            environment.delenv(name, raising=False)
        environment.setenv(LINK_KEYS, json.dumps(keys))
        environment.setenv("BLACKLEAF_WEBHOOK_SECRETS", json.dumps(dict.fromkeys(_ORGS, SECRET)))
        environment.setenv("MAILJET_WEBHOOK_SECRETS", json.dumps(dict.fromkeys(_ORGS, SECRET)))
        environment.setenv("MAILJET_WEBHOOK_PASSWORDS", json.dumps(dict.fromkeys(_ORGS, PASSWORD)))
        environment.setenv("BLACKLEAF_KEYS", json.dumps({org: f"key-of-{org}" for org in _ORGS}))
        project = f"demo-{uuid.uuid4().hex[:12]}"
        with Stack(project, with_tasks=True, with_vendors=True, log_folder=logs) as stack:
            for name, value in stack.environment.items():
                environment.setenv(name, value)
            yield stack


@pytest.fixture
def shop(house: Stack) -> Iterator[Shop]:
    """A shop that no other test uses."""
    client = Client(project=house.project)
    opened = Shop(house, _ORGS[next(_numbers)], client)
    yield opened
    house.check()
    opened.api.close()
    client.close()
