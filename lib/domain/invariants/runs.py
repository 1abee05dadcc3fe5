"""Checks runs against their shards: everybody planned once, every figure the sum of its parts, nobody left over."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from lib.domain.invariants import shapes
from lib.domain.invariants.shapes import Type
from lib.domain.invariants.violations import Document, Fields, Invariant, Violation, differing

_ERRORS_MAX = 20
_KEPT = timedelta(days=30)
_COUNTS = Type(
    "a map of integers",
    lambda value: isinstance(value, Mapping) and all(shapes.INTEGER.accepts(count) for count in value.values()),
)
_ERRORS = shapes.listing(shapes.mapping({"memberId": shapes.TEXT, "reason": shapes.TEXT}))

RUN_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "job"), shapes.TEXT),
    "state": shapes.one_of("planning", "running", "done", "cancelled", "failed"),
    "params": shapes.mapping({}),
    "planned": shapes.FLAG,
    **dict.fromkeys(("cursor", "reason"), shapes.optional(shapes.TEXT)),
    **dict.fromkeys(("members", "shards", "shardsDone", "resumes"), shapes.NATURAL),
    "totals": _COUNTS,
    "errors": _ERRORS,
    "actor": shapes.mapping({"type": shapes.TEXT, "id": shapes.TEXT}),
    **dict.fromkeys(("createdAt", "updatedAt"), shapes.INSTANT),
    **dict.fromkeys(("startedAt", "finishedAt", "expiresAt"), shapes.optional(shapes.INSTANT)),
}
SHARD_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "runId"), shapes.TEXT),
    "state": shapes.one_of("waiting", "working", "done", "failed"),
    **dict.fromkeys(("ids", "deferred"), shapes.listing(shapes.TEXT)),
    **dict.fromkeys(("members", "position", "visited", "skipped", "claims", "failures"), shapes.NATURAL),
    "counts": _COUNTS,
    "errors": _ERRORS,
    "worker": shapes.optional(shapes.TEXT),
    **dict.fromkeys(("createdAt", "updatedAt"), shapes.INSTANT),
    **dict.fromkeys(("leaseUntil", "finishedAt", "expiresAt"), shapes.optional(shapes.INSTANT)),
}


class RunReader:
    """Reads all shards of one run, already of their declared shape, and then judges the run by them.

    Keeps two ids and some numbers of each shard, not its members.
    """

    def __init__(self, run: Document) -> None:
        self._run = run
        self._spans: list[tuple[str, str]] = []
        self._first_expiry: datetime | None = None
        self._members = 0
        self._states: Counter[str] = Counter()
        self._totals: Counter[str] = Counter({"visited": 0, "skipped": 0, "failed": 0})

    def read(self, shard: Document) -> Iterator[Violation]:
        """What is wrong with one shard by itself."""
        fields = shard.fields
        ids, left = fields["ids"], _left(fields)
        if ids:
            self._spans.append((ids[0], ids[-1]))
        expiries = [at for at in (self._first_expiry, fields.get("expiresAt")) if at]
        self._first_expiry = min(expiries, default=None)
        self._members += len(ids)
        self._states[fields["state"]] += 1
        self._totals.update(fields["counts"])
        self._totals.update({name: fields[name] for name in ("visited", "skipped")})
        self._totals["failed"] += left if fields["state"] == "failed" else 0
        yield from differing(
            Invariant.RUN_MEMBERS,
            shard.path,
            [
                ("run", self._run.id, fields["runId"]),
                (
                    "members in ascending order, each once:",
                    True,
                    all(first < second for first, second in pairwise(ids)),
                ),
            ],
        )
        yield from _check_progress(shard)
        yield from _check_state(shard, left)

    def close(self) -> Iterator[Violation]:
        """What is wrong with the run, once all of its shards have been read."""
        fields, path = self._run.fields, self._run.path
        spans = sorted(self._spans)
        apart = all(last < first for (_, last), (first, _) in pairwise(spans))
        yield from differing(
            Invariant.RUN_MEMBERS,
            path,
            [
                ("members", self._members, fields["members"]),
                ("shards", self._states.total(), fields["shards"]),
                ("members in one shard each:", True, apart),
            ],
        )
        yield from self._check_state()
        yield from self._check_expiry()
        if fields["finishedAt"]:
            yield from differing(
                Invariant.RUN_TOTALS,
                path,
                [
                    ("totals", dict(sorted(self._totals.items())), dict(sorted(fields["totals"].items()))),
                    ("shardsDone", self._states["done"], fields["shardsDone"]),
                    ("as many errors as there are, 20 at most:", True, self._are_errors_told()),
                ],
            )

    def _check_state(self) -> Iterator[Violation]:
        fields, states = self._run.fields, self._states
        state, is_finished = fields["state"], fields["finishedAt"] is not None
        is_worked_up = states["failed"] > 0 and not states["waiting"] and not states["working"]
        is_right = {
            "planning": not is_finished,
            "running": not is_finished and fields["planned"],
            "done": is_finished and fields["planned"] and states.total() == states["done"],
            "cancelled": True,
            "failed": fields["reason"] is not None or (is_finished and is_worked_up),
        }[state]
        if not is_right:
            wanted = f"shards and dates of a run that is {state}"
            found = f"{dict(states)}, planned {fields['planned']}, finished {is_finished}"
            yield Violation(Invariant.RUN_STATE, self._run.path, wanted, found)

    def _check_expiry(self) -> Iterator[Violation]:
        # Documents of before there was such a field have none and stay.
        fields = self._run.fields
        finished_at, expires_at = fields["finishedAt"], fields.get("expiresAt")
        if expires_at is None:
            return
        wanted = [("expiresAt", finished_at and finished_at + _KEPT, expires_at)]
        if self._first_expiry is not None:
            wanted.append(("shards that outlive it:", True, self._first_expiry > expires_at))
        yield from differing(Invariant.RUN_EXPIRY, self._run.path, wanted)

    def _are_errors_told(self) -> bool:
        there_are = self._totals["skipped"] + self._totals["failed"]
        told = len(self._run.fields["errors"])
        return min(self._totals["skipped"], _ERRORS_MAX) <= told <= min(there_are, _ERRORS_MAX)


def _left(fields: Fields) -> int:
    return len(fields["ids"]) - int(fields["position"]) + len(fields["deferred"])


def _check_progress(shard: Document) -> Iterator[Violation]:
    fields = shard.fields
    tried = set(fields["ids"][: fields["position"]])
    yield from differing(
        Invariant.SHARD_PROGRESS,
        shard.path,
        [
            ("members", len(fields["ids"]), fields["members"]),
            ("position", fields["visited"] + fields["skipped"] + len(fields["deferred"]), fields["position"]),
            ("position within its members:", True, fields["position"] <= len(fields["ids"])),
            ("errors", fields["skipped"], len(fields["errors"])),
            ("errors and deferred among those tried:", True, tried.issuperset(_named(fields))),
        ],
    )


def _named(fields: Fields) -> list[str]:
    return [*fields["deferred"], *(error["memberId"] for error in fields["errors"])]


def _check_state(shard: Document, left: int) -> Iterator[Violation]:
    fields = shard.fields
    state = fields["state"]
    leased = fields["worker"] is not None, fields["leaseUntil"] is not None
    is_right = (
        (state == "done") == (left == 0)
        and set(leased) == {state == "working"}
        and (fields["finishedAt"] is not None) == (state in ("done", "failed"))
    )
    if not is_right:
        wanted = f"members, lease and dates of a shard that is {state}"
        found = f"{left} left, worker and lease {leased}, finishedAt {fields['finishedAt']}"
        yield Violation(Invariant.SHARD_STATE, shard.path, wanted, found)
