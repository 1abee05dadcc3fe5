"""`./dev simulate --seed S --events N`: exit 0 when the oracle agrees and the audit is clean, 1 otherwise."""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.simulate.run import Plan, Result, Simulation
from emulator.stack import Stack
from lib.store.client import database

_PROJECT = "demo-simulation"
_PROBLEMS_SHOWN = 30


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    plan = Plan(seed=options.seed, events=options.events, people=options.people, callers=options.callers)
    with Stack(_PROJECT, with_functions=False) as stack:
        os.environ.update(stack.environment)
        # The faults sit in the product's own client. Its log lines would bury the result.
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            result = Simulation(plan, database()).run()
    _print(plan, result)
    return 0 if result.is_clean else 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what happens (default: %(default)s)")
    parser.add_argument("--events", type=int, default=20_000, help="deliveries and calls (default: %(default)s)")
    parser.add_argument("--people", type=int, default=200, help="customers (default: %(default)s)")
    parser.add_argument("--callers", type=int, default=8, help="at once; 1 replays exactly (default: %(default)s)")
    return parser.parse_args(arguments)


def _print(plan: Plan, result: Result) -> None:
    console = Console(soft_wrap=True)
    table = Table("what", "how often", title=f"Simulation, seed {plan.seed}")
    for name, count in sorted(result.counts.items()):
        table.add_row(name, f"{count:,}")
    console.print(table)
    for problem in result.problems[:_PROBLEMS_SHOWN]:
        console.print(problem, style="red", markup=False)
    for violation in result.report.violations[:_PROBLEMS_SHOWN]:
        console.print(str(violation), style="red", markup=False)
    pace = plan.events / result.seconds
    console.print(
        f"{plan.events:,} events in {result.seconds:.1f} s ({pace:,.0f}/s), {result.report.documents:,} audited"
    )
    verdict = "every balance as expected, every invariant holds" if result.is_clean else "NOT as expected"
    console.print(verdict, style="bold green" if result.is_clean else "bold red")


if __name__ == "__main__":
    sys.exit(main())
