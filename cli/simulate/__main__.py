"""`./dev simulate --seed S --events N`: exit 0 when the oracle agrees and the audit is clean, 1 otherwise."""

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.simulate.front import OverHttp
from cli.simulate.run import Plan, Result, Simulation
from emulator.client import StackClient
from emulator.stack import Stack
from lib.store.client import database

_PROJECT = "demo-simulation"
_PROBLEMS_SHOWN = 30


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    plan = Plan(seed=options.seed, events=options.events, people=options.people, callers=options.callers)
    through = options.through_functions
    with (
        tempfile.TemporaryDirectory() as logs,
        Stack(_PROJECT, with_functions=through, with_tasks=through, log_folder=Path(logs)) as stack,
    ):
        os.environ.update(stack.environment)
        # The product's log lines, one for each malformed order, would bury the result.
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
            result = _simulation(plan, stack, through=through).run()
    _print(plan, result)
    return 0 if result.is_clean else 1


def _simulation(plan: Plan, stack: Stack, *, through: bool) -> Simulation:
    if not through:
        return Simulation(plan, database())
    client = StackClient(stack.project, stack.firestore, stack.functions)
    return Simulation(plan, database(), OverHttp(stack), client)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what happens (default: %(default)s)")
    parser.add_argument("--events", type=int, default=20_000, help="deliveries and calls (default: %(default)s)")
    parser.add_argument("--people", type=int, default=200, help="customers (default: %(default)s)")
    parser.add_argument("--callers", type=int, default=8, help="at once; 1 replays exactly (default: %(default)s)")
    parser.add_argument("--through-functions", action="store_true", help="through the functions host, over HTTP")
    return parser.parse_args(arguments)


def _print(plan: Plan, result: Result) -> None:
    console = Console(soft_wrap=True)
    table = Table("what", "how often", title=f"Simulation, seed {plan.seed}")
    for name, count in sorted(result.counts.items()):
        table.add_row(name, f"{count:,}")
    console.print(table)
    for problem in result.problems[:_PROBLEMS_SHOWN]:
        console.print(problem, style="red", markup=False)
    for violation in result.violations[:_PROBLEMS_SHOWN]:
        console.print(str(violation), style="red", markup=False)
    pace = plan.events / result.seconds
    console.print(f"{plan.events:,} events in {result.seconds:.1f} s ({pace:,.0f}/s), {result.documents:,} audited")
    verdict = "every balance as expected, every invariant holds" if result.is_clean else "NOT as expected"
    console.print(verdict, style="bold green" if result.is_clean else "bold red")


if __name__ == "__main__":
    sys.exit(main())
