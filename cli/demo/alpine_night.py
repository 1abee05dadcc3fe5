"""A night with Alpine IQ: its sandbox knows the customers, the sync runs, operators hear of it, a person decides one
difference; then a night in which nothing has changed, and an hour in which Alpine IQ does not answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from cli.demo.alpine_account import Member, members, misjudged
from cli.demo.chat import Chat
from cli.demo.report import Json
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import UnexpectedAnswer
from cli.demo.year.jobs import AGE, Jobs
from emulator.client import StackClient
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.domain.settings import DEFAULT_SETTINGS

_ACCOUNT, _KEY = "900200", "demo-key"
_SYNC = "nightly_sync"
# The schedule's hour and minute; it sums up at its next call.
_HOUR, _MINUTE = 2, 41
# Points that were spent today may take their time to get there; before that a difference would be waited for.
_ARRIVED_AFTER = timedelta(hours=7)
_LISTED = 100


def environment(chat: Chat) -> dict[str, str]:
    """What the functions need in their environment: the shop's key, and where alerts go."""
    return {"ALPINE_IQ_KEYS": json.dumps({ORG_ID: _KEY}), "ALERT_DISCORD_URL": chat.url, "ALERT_SLACK_URL": ""}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`report`: what happened. `entered`: the points that each customer must have been given or, negative, taken.
    `differences`: what was not as Alpine IQ's figures ask for, in words."""

    report: Json
    entered: Mapping[str, int]
    differences: Sequence[str]


@dataclass(slots=True)
class Night:
    """Plays on a stack with sandboxes, after the shop's day. `redeemed`: the points each customer has spent."""

    stack: Stack
    client: firestore.Client
    api: StackClient
    chat: Chat
    redeemed: Mapping[str, int]
    _members: list[Member] = field(default_factory=list)

    def play(self) -> Outcome:
        """Everything in turn, by moving the stack's clock. Raises UnexpectedAnswer and JobFailed."""
        jobs, sandbox = Jobs(self.stack, self.stack.clock), SandboxClient(self.stack.vendors, "alpine_iq")
        try:
            return self._play(jobs, sandbox)
        finally:
            sandbox.close()
            jobs.close()

    def _play(self, jobs: Jobs, sandbox: SandboxClient) -> Outcome:
        self._connect(sandbox)
        self.stack.clock.set(_next_night(self.stack.clock.now()))
        first = self._sync(jobs, sandbox)
        self.stack.clock.move(timedelta(hours=1))
        jobs.call(_SYNC)
        found = list(self._discrepancies())
        report = {
            "contacts": len(self._members),
            **first,
            "override": self._override(),
            "leftOpen": [_told(each) for each in found if each["state"] == "open"],
            "alert": self.chat.posted[-1]["embeds"][0] if self.chat.posted else None,
            "decided": self._decide(found),
        }
        self.stack.clock.move(timedelta(hours=23))
        report["nextNight"] = self._sync(jobs, sandbox)
        report["unreachable"] = self._unreachable(sandbox)
        # Two days have gone by, and with them some customers have come to be due.
        jobs.call(AGE)
        entered = {member.customer_id: member.entered for member in self._members}
        return Outcome(report, entered, list(misjudged(self._members, first["compared"], found)))

    def _connect(self, sandbox: SandboxClient) -> None:
        """Connects the shop to an account that knows its customers, under the default policy."""
        ours = self.client.collection("customers").where(filter=FieldFilter("orgId", "==", ORG_ID))
        documents = {found.id: found.to_dict() or {} for found in ours.stream()}
        self._members = list(members(ORG_ID, documents, self.redeemed))
        sandbox.put_account(_ACCOUNT, apiKey=_KEY)
        sandbox.put(_ACCOUNT, "contacts", [member.contact() for member in self._members])
        self._document("integrations", "alpine_iq").set({"accountId": _ACCOUNT})

    def _sync(self, jobs: Jobs, sandbox: SandboxClient) -> Json:
        """One night's sync by its schedule and queues: what it counted, asked Alpine IQ and was billed."""
        sandbox.ask("DELETE", "/requests")
        self.api.reset_usage()
        jobs.call(_SYNC)
        usage, requests = self.api.usage(), sandbox.requests()["total"]
        state = self._document("integrations", "alpine_iq_sync").get().to_dict() or {}
        run = self._document("runs", state["runId"]).get().to_dict() or {}
        if run.get("state") != "done":
            raise UnexpectedAnswer(f"the sync of the night: {run.get('state')} {run.get('reason')}")
        names = ("customers", "compared", "agreed", "overridden", "open", "kept", "notMembers", "unknown", "unchanged")
        counted = {name: run["totals"].get(name, 0) for name in names}
        billed = {"reads": usage["reads"], "writes": usage["writes"] + usage["deletes"]}
        return counted | {"requests": requests, "billed": billed}

    def _discrepancies(self) -> Iterator[Json]:
        cursor: str | None = None
        while True:
            page = self._call("list_discrepancies", limit=_LISTED, **({"cursor": cursor} if cursor else {}))
            yield from page["discrepancies"]
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def _override(self) -> Json | None:
        """The story of the greatest override, from the customer's ledger; None without any."""
        member = max(self._members, key=lambda each: abs(each.entered), default=None)
        if member is None or not member.entered:
            return None
        entry = self._call("get_ledger", customerId=member.customer_id)["entries"][0]
        sides = {"customerId": member.customer_id, "calculated": member.ours, "alpine": member.theirs}
        return sides | {"kind": entry["kind"], "points": entry["points"], "explanation": entry["explanation"]}

    def _decide(self, found: Sequence[Json]) -> Json | None:
        """A person looks at the first of the open ones and keeps our figure; None when none is open."""
        customer_id = next((each["customerId"] for each in found if each["state"] == "open"), None)
        if customer_id is None:
            return None
        answer = self._call(
            "resolve_discrepancy",
            customerId=customer_id,
            resolution="keep_ours",
            reason="Alpine IQ has not been told of it",
            idempotencyKey="demo-decision",
        )
        if not answer["ok"]:
            raise UnexpectedAnswer(f"resolve_discrepancy: {answer}")
        decided: Json = answer["discrepancy"]
        return _told(decided) | {"resolution": decided["resolution"], "reason": decided["reason"]}

    def _unreachable(self, sandbox: SandboxClient) -> Json | None:
        """What the till is told of a member's points while Alpine IQ fails; None without members."""
        if not self._members:
            return None
        member = self._members[-1]
        # Any balance that was told lately would do for the till.
        self.stack.clock.move(timedelta(hours=1))
        sandbox.fail("status", status=500, times=None)
        told = self._call("check_points", customerId=member.customer_id)
        sandbox.heal()
        return {"customerId": member.customer_id, "points": told["points"], "why": told["alpineReason"]}

    def _document(self, collection: str, name: str) -> Any:
        return self.client.document("tenants", ORG_ID, collection, name)

    def _call(self, function: str, **data: Any) -> Json:
        """By an admin whose token is as new as the clock."""
        token = self.api.token(ORG_ID, "dispensary_admin", "demo-admin")
        answer: Json = self.api.call(function, {"orgId": ORG_ID, **data}, token=token)
        return answer


def _next_night(now: datetime) -> datetime:
    """When the schedule comes by the next time that everything spent by now has arrived."""
    local = (now + _ARRIVED_AFTER).astimezone(ZoneInfo(DEFAULT_SETTINGS.time_zone))
    night = local.replace(hour=_HOUR, minute=_MINUTE, second=0, microsecond=0)
    return (night if night > local else night + timedelta(days=1)).astimezone(now.tzinfo)


def _told(discrepancy: Json) -> Json:
    sides = {name: discrepancy[name] for name in ("customerId", "calculated", "alpine")}
    return sides | {"why": discrepancy["hindrance"]}
