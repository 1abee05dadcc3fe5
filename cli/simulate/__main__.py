"""`./dev simulate --seed S`, or `--seeds A..B`: exit 0 when the oracle agrees and the audit is clean, 1 otherwise."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from cli.simulate import seeds
from cli.simulate.front import OverHttp
from cli.simulate.plan import Plan
from cli.simulate.run import Result, Simulation
from emulator.client import StackClient
from emulator.stack import Stack
from lib.store.client import database

_PROBLEMS_SHOWN = 30
_SHOWN_OF_A_SEED = 5


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    console = Console(soft_wrap=True)
    callers = options.callers or (1 if options.seeds or options.alpine else 8)
    plan = Plan(options.seed, options.events, options.people, callers, alpine=options.alpine)
    if options.seeds:
        return _many(console, plan, options.seeds, options.jobs)
    result = _through_functions(plan) if options.through_functions else seeds.simulated(plan)
    _print(console, plan, result)
    return 0 if result.is_clean else 1


def _through_functions(plan: Plan) -> Result:
    with tempfile.TemporaryDirectory() as logs, Stack(seeds.PROJECT, log_folder=Path(logs)) as stack:
        os.environ.update(stack.environment)
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
            client = StackClient(stack.project, stack.firestore, stack.functions)
            return Simulation(plan, database(), OverHttp(stack), client).run()


def _many(console: Console, plan: Plan, wanted: range, jobs: int) -> int:
    """A line a seed, until one is unclean; and what all of them have been through."""
    started, counts, clean = perf_counter(), Counter[str](), 0
    for verdict in seeds.verdicts(plan, wanted, jobs):
        figures = f"{verdict.seconds:6.1f} s, {verdict.documents:,} documents"
        if verdict.found:
            words = f"seed {verdict.seed}: NOT as expected at step {verdict.step:,} ({figures})"
            console.print(words, style="bold red", highlight=False)
            for problem in verdict.found[:_SHOWN_OF_A_SEED]:
                console.print(f"  {problem}", style="red", markup=False)
            return 1
        clean += 1
        counts.update(verdict.counts)
        console.print(f"seed {verdict.seed}: clean ({figures})", highlight=False)
    _print_counts(console, f"Simulation, {clean} seeds", counts)
    seconds = perf_counter() - started
    console.print(f"{clean} seeds of {plan.events:,} events clean in {seconds:,.0f} s", style="bold green")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what happens (default: %(default)s)")
    parser.add_argument("--seeds", type=_range, help="many, such as 1..100, until one is not as expected")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="seeds at a time (default: %(default)s)")
    parser.add_argument("--events", type=int, default=20_000, help="deliveries and calls (default: %(default)s)")
    parser.add_argument("--people", type=int, default=200, help="customers (default: %(default)s)")
    parser.add_argument(
        "--callers", type=int, help="at once (default: 8, with --seeds 1); 1 replays exactly, and time takes points"
    )
    parser.add_argument("--through-functions", action="store_true", help="through the functions host, over HTTP")
    parser.add_argument(
        "--alpine", action="store_true", help="the shops are connected to an Alpine IQ that lags and lies (one caller)"
    )
    options = parser.parse_args(arguments)
    if options.alpine and (options.through_functions or options.callers not in (None, 1)):
        parser.error("--alpine goes with one caller in this process")
    return options


def _range(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def _print(console: Console, plan: Plan, result: Result) -> None:
    _print_counts(console, f"Simulation, seed {plan.seed}", result.counts)
    for problem in result.problems[:_PROBLEMS_SHOWN]:
        console.print(problem, style="red", markup=False)
    for violation in result.violations[:_PROBLEMS_SHOWN]:
        console.print(str(violation), style="red", markup=False)
    pace = plan.events / result.seconds
    console.print(f"{plan.events:,} events in {result.seconds:.1f} s ({pace:,.0f}/s), {result.documents:,} audited")
    if result.is_clean:
        console.print("every balance as expected, every invariant holds", style="bold green")
    else:
        step = f" at step {result.steps:,}" if result.steps else ""
        console.print(f"NOT as expected{step}", style="bold red")


def _print_counts(console: Console, title: str, counts: Counter[str]) -> None:
    table = Table("what", "how often", title=title)
    for name, count in sorted(counts.items()):
        table.add_row(name, f"{count:,}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
