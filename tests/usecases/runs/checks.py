"""What tests of runs say often: commands, expected totals, a complete run, and delivering only some tasks."""

from typing import Any

from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.platform import clock
from tests.usecases.runs.delivery import ACTOR, Shop, Tasks


def command(function: str, org_id: str, key: str = "key") -> Command:
    return Command(function, org_id, ACTOR, key, fingerprint({}), clock.now())


def totals(visited: int, skipped: int = 0, failed: int = 0, **counts: int) -> dict[str, int]:
    return {"visited": visited, "skipped": skipped, "failed": failed, **counts}


def assert_complete(shop: Shop, run_id: str) -> None:
    """Everybody was marked, once, and the figures say so."""
    run, parts, count = shop.run(run_id), shop.shards(run_id), len(shop.ids)
    assert shop.marked() == dict.fromkeys(shop.ids, 1)
    assert (run["state"], run["members"], run["shards"]) == ("done", count, len(parts))
    assert run["totals"] == totals(count, marked=count)
    assert run["shardsDone"] == len(parts)
    assert sorted(member for part in parts for member in part["ids"]) == shop.ids
    assert all((part["state"], part["worker"], part["leaseUntil"]) == ("done", None, None) for part in parts)


def step(queue: Tasks, tasks_to_deliver: int = 1) -> None:
    """Delivers so many tasks, if there are so many."""
    for _ in range(tasks_to_deliver):
        if queue.waiting:
            queue.deliver_one()


def planned(queue: Tasks, shop: Shop) -> tuple[str, list[tuple[str, Any]]]:
    """A started run whose shards are handed out, and their tasks, which are no longer in the queue."""
    run_id = shop.start()
    queue.deliver_one()
    waiting = [(name, payload) for name, payload, _, _ in queue.waiting]
    queue.waiting.clear()
    return run_id, waiting


def raise_(error: BaseException) -> Any:
    raise error
