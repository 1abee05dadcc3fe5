"""Many seeds one after the other, several at a time, each in a process and on a stack of its own."""

import contextlib
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cli.simulate.plan import Plan
from cli.simulate.run import Result, Simulation
from cli.simulate.thrift import thrift
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.store.client import database

PROJECT = "demo-simulation"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one seed. `found`: what was wrong, as words; `step`: the last one made."""

    seed: int
    found: tuple[str, ...]
    step: int
    seconds: float
    documents: int
    counts: dict[str, int]


def simulated(plan: Plan) -> Result:
    """One seed on a fresh stack, in this process."""
    with (
        tempfile.TemporaryDirectory() as logs,
        Stack(PROJECT, with_functions=False, with_vendors=plan.alpine, log_folder=Path(logs)) as stack,
    ):
        os.environ.update(stack.environment)
        sandbox = SandboxClient(stack.vendors, "alpine_iq") if plan.alpine else None
        # The product's log lines, one for each malformed order, would bury the result.
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere), thrift():
            return Simulation(plan, database(), sandbox=sandbox).run()


def verdicts(plan: Plan, seeds: Sequence[int], jobs: int) -> Iterator[Verdict]:
    """The verdict of each seed, in their order, `jobs` at a time. Whoever stops asking ends what is still under way."""
    # Forked before anything has been connected: imports, half of the time of a short run, are made once.
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        yield from pool.imap(_verdict, [replace(plan, seed=seed) for seed in seeds])


def _verdict(plan: Plan) -> Verdict:
    result = simulated(plan)
    found = (*result.problems, *map(str, result.violations))
    return Verdict(plan.seed, found, result.steps, result.seconds, result.documents, dict(result.counts))
