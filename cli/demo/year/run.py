"""A year from an empty database to its report: play the days, audit, compare with the oracle, add up the bill."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from typing import Any

from google.cloud import firestore
from rich.console import Console

from cli.demo import report as reporting
from cli.demo.compare import Stored, read_stored
from cli.demo.compare import differences as lasting_differences
from cli.demo.report import Json
from cli.demo.shop_setup import ORG_ID, PROGRAMME, YEAR, set_up
from cli.demo.sources import Source
from cli.demo.year.bill import Measured, Operations, bill
from cli.demo.year.compare import differences
from cli.demo.year.facts import COLUMNS, Facts, read_facts
from cli.demo.year.jobs import AUDIT, Jobs
from cli.demo.year.oracle import Oracle, Outcome
from cli.demo.year.play import Audited, Player
from cli.demo.year.progress import Days
from cli.demo.year.storage import stored_bytes
from cli.demo.year.story import story
from cli.demo.year.timeline import Span, timeline
from emulator.client import StackClient
from emulator.stack import Stack
from emulator.tokens import id_token
from lib.usecases.audit import audit

_DRAIN_SECONDS = 300.0


@dataclass(slots=True)
class _Year:
    """One span of days on one running, empty stack whose clock shows its first day."""

    stack: Stack
    source: Source
    span: Span
    console: Console
    client: firestore.Client
    api: StackClient
    jobs: Jobs
    seconds: dict[str, float] = field(default_factory=dict)
    orders_by_night: list[int] = field(default_factory=list)

    def run(self) -> Json:
        """Everything, one step after another, and the report of it."""
        oracle = Oracle(YEAR)
        set_up(self.client, self.stack.clock.now(), YEAR.settings())
        self.api.drain(_DRAIN_SECONDS)
        self.jobs.drain()
        self.api.reset_usage()
        with self._step("play"), Days(self.console, self.span) as days:

            def on_day(at: datetime) -> None:
                self.orders_by_night.append(len(player.seen.orders))
                days.show(at, len(player.seen.orders), oracle)

            player = Player(self.client, self.api, self.stack.clock, self.jobs, oracle, on_day)
            player.play(timeline(self.source.writes, self.span))
        usage, events = self.api.usage(), self.api.events()
        ended = player.ended or self.span.start
        with self._step("compare", "Comparing every customer with the expected figures"):
            stored, facts = read_stored(self.client, ORG_ID), read_facts(self.client, ORG_ID, YEAR.time_zone)
            outcomes = oracle.outcomes(ended, self.stack.clock.now())
            found = sorted(self._differences(stored, facts, outcomes, player))
        verdict = self._audited(player)
        with self._step("bill", "Adding up the bill"):
            cost = self._bill(player, usage, events)
        return {
            "source": dict(self.source.description) | {"from": f"{self.span.start:%F}", "days": self.span.days},
            "replay": {"orders": len(player.seen.orders), "writes": player.writes},
            "cancellations": dict(self.source.cancellations()),
            **reporting.redemptions(
                player.till.outcomes, player.till.redeemed, player.till.redeem_seconds, player.till.call_seconds
            ),
            **reporting.balances(stored, [name for name, _ in PROGRAMME.tiers]),
            "months": self._months(facts, oracle),
            "notices": dict(facts.notices.most_common()),
            "expected": {"customers": len(outcomes), "differences": found},
            **verdict,
            "events": {name: events[name] for name in ("delivered", "retried", "failed")},
            "customer": self._story(player, facts),
            "bill": cost,
            "seconds": self.seconds,
        }

    def _differences(self, stored: Stored, facts: Facts, outcomes: dict[str, Outcome], player: Player) -> Iterator[str]:
        """What the calendar says of everybody; and what lasts, spend and orders, from the source's own oracle: points
        that are there, were redeemed or have expired are those it says were earned."""
        gone = {it: points["redeemed"] + points["expired"] for it, points in facts.points.items()}
        tiers = {person: outcome.tier for person, outcome in outcomes.items()}
        expected = {
            person: replace(figures, tier=tiers.get(person, figures.tier))
            for person, figures in self.source.expected(PROGRAMME).items()
        }
        yield from lasting_differences(stored, expected, player.seen.buyers, gone)
        yield from differences(stored, facts, outcomes, player.seen.buyers)

    def _audited(self, player: Player) -> Json:
        with self._step("audit", "Auditing every document"):
            before, began = self.api.usage(), perf_counter()
            audited = audit(ORG_ID)
            reads, seconds = self.api.usage()["reads"] - before["reads"], perf_counter() - began
        player.audits.append(Audited(self.stack.clock.now(), len(player.seen.orders), reads, 0, seconds))
        nights = [it.to_dict() or {} for it in self.client.collection("tenants", ORG_ID, "audits").stream()]
        failures = self.api.events()["failures"]
        return {
            "audit": {"documents": audited.documents, "violations": [str(it) for it in audited.violations]},
            "auditsAtNight": {it["day"]: it["state"] for it in nights},
            "failures": [f"{failure['document']}: {failure['error']}" for failure in failures],
        }

    def _months(self, facts: Facts, oracle: Oracle) -> list[Json]:
        lapses, orders = oracle.lapses_by_month(YEAR.time_zone), oracle.orders_by_month(YEAR.time_zone)
        return [
            {"month": name, "orders": orders[name]}
            | {column: facts.months[name][column] for column in COLUMNS}
            | {"lapses": lapses[name]}
            for name in sorted({*facts.months, *orders, *lapses})
        ]

    def _story(self, player: Player, facts: Facts) -> Json | None:
        player.till.token = id_token(
            self.stack.project,
            "demo-cashier",
            {"orgId": ORG_ID, "role": "dispensary_admin"},
            now_seconds=self.stack.clock.now().timestamp(),
        )
        return story(self.client, player.till, facts)

    def _bill(self, player: Player, usage: dict[str, int], events: dict[str, Any]) -> Json:
        documents, size = stored_bytes(self.client, ORG_ID)
        nights = player.audits[:-1]
        operations = Operations(
            usage["reads"] - player.own["reads"] - sum(it.reads for it in nights),
            usage["writes"] - player.own["writes"] - player.writes - sum(it.writes for it in nights),
            usage["deletes"] - player.own["deletes"],
        )
        runs = [it.to_dict() or {} for it in self.client.collection("tenants", ORG_ID, "runs").stream()]
        calls_due, played = self.jobs.calls_in(self.span.days), dict(self.jobs.runs)
        return bill(
            Measured(
                operations=operations,
                orders_by_night=self.orders_by_night,
                audits=player.audits,
                calls=calls_due,
                played=played,
                idle={name: self._idle(name) for name in calls_due if name != AUDIT},
                tasks=len(runs) + sum(run["shards"] for run in runs),
                invocations=events["delivered"] + events["retried"] + len(player.till.call_seconds),
                stored_documents=documents,
                stored_bytes=size,
            )
        )

    def _idle(self, name: str) -> Operations:
        """What a call costs that finds nothing: the second of two."""
        self.jobs.call(name)
        before = self.api.usage()
        self.jobs.call(name)
        after = self.api.usage()
        return Operations(after["reads"] - before["reads"], after["writes"] - before["writes"])

    @contextmanager
    def _step(self, name: str, words: str = "") -> Iterator[None]:
        started = perf_counter()
        if words:
            with self.console.status(words):
                yield
        else:
            yield
        self.seconds[name] = round(perf_counter() - started, 1)


def run(stack: Stack, source: Source, span: Span, console: Console) -> Json:
    """Plays the span on a running, empty stack with Cloud Tasks, whose clock shows its start; returns the report.

    Raises what a write or a call raised that should have succeeded, JobFailed, TimeoutError when events do not end.
    """
    # The audit is the product's own and finds its database by the environment, as the functions do.
    os.environ.update(stack.environment)
    client = firestore.Client(project=stack.project)
    api = StackClient(stack.project, stack.firestore, stack.functions)
    jobs = Jobs(stack, stack.clock)
    try:
        return _Year(stack, source, span, console, client, api, jobs).run()
    finally:
        jobs.close()
        api.close()
        client.close()
