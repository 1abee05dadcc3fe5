"""What a run costs beside its job: duration, billed operations and memory, with real tasks on the local stack.

./dev bench runs [--customers 1000 10000 100000] [--json]
"""

import argparse
import json
import os
import time
from pathlib import Path

from google.cloud.firestore import Client

from bench import local_stack
from bench.budgets import Row, as_json, markdown
from lib.domain.ledger import Actor
from lib.domain.runs import RunState
from lib.store.client import database
from lib.usecases import runs

CUSTOMERS = (1_000, 10_000)

_ORG = "org_bench"
_SOURCE = Path(__file__).parent / "runs_functions"
_COMMIT_DOCUMENTS = 500


def run(sizes: tuple[int, ...] = CUSTOMERS) -> list[Row]:
    """A row for each number of customers."""
    return [_measure(size) for size in sizes]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench runs", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=CUSTOMERS, help="sizes of the org")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    options = parser.parse_args(arguments)
    rows = run(tuple(options.customers))
    print(json.dumps(as_json(rows), indent=2) if options.json else markdown(rows))
    return 0


def _measure(customers: int) -> Row:
    with local_stack.running(source=_SOURCE, with_tasks=True) as (stack, api):
        _load(database(), customers)
        loaded_mb = {name: _peak_mb(pid) for name, pid in stack.pids.items()}
        cpu_seconds = _cpu_seconds(stack.pids["functions"])
        api.reset_usage()
        started = time.perf_counter()
        run_id = runs.start(_ORG, "look", "bench", {}, Actor("system", "bench")).id
        finished, polls = local_stack.finished(_ORG, run_id)
        seconds = time.perf_counter() - started
        usage = api.usage()
        cpu_ms = (_cpu_seconds(stack.pids["functions"]) - cpu_seconds) / customers * 1000
        grown = ", ".join(
            f"{name} {_peak_mb(pid):.0f} (+{_peak_mb(pid) - loaded_mb[name]:.0f})" for name, pid in stack.pids.items()
        )
    if finished.state is not RunState.DONE or finished.totals["seen"] != customers:
        raise RuntimeError(f"the run ended otherwise: {finished}")
    reads, writes = (usage["reads"] - polls) / customers, usage["writes"] / customers
    return Row(
        f"run over {customers:,} customers, {finished.shards:,} shards",
        "-",
        f"{seconds:.1f} s ({customers / seconds:,.0f} members/s), {reads:.3f} reads (1 finds it, 1 is the visit's) and "
        f"{writes:.3f} writes a member, {cpu_ms:.2f} ms of the functions' processor, peak MB: {grown}",
    )


def _load(client: Client, customers: int) -> None:
    for first in range(0, customers, _COMMIT_DOCUMENTS):
        batch = client.batch()
        for number in range(first, min(first + _COMMIT_DOCUMENTS, customers)):
            batch.set(client.document(f"customers/{_ORG}_{number}"), {"orgId": _ORG, "points": number % 500})
        batch.commit()


def _cpu_seconds(pid: int) -> float:
    # The command name, in brackets, may contain spaces; utime and stime are fields 14 and 15 of the line.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
