"""`./dev rerate --org ORG --since DATE`: prices past orders anew by the rates in force; by default only a preview.

The preview says who would win, who would lose and how much, and ends with a token. With it the same command does what
the preview has shown: it looks again first, and refuses when the settings, the range or what it finds are other ones.
Whatever stops it, a new preview shows what is left. Exit 1 when a customer could not be dealt with, 2 when it was
refused.
"""

import argparse
import functools
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.database import connect, tried, where
from lib.domain.errors import PerennialError
from lib.store.org import OrgStore
from lib.usecases import rerating
from lib.usecases.rerating import Outcome

DONE, INCOMPLETE, REFUSED = 0, 1, 2
_PAGE = 500
_SHOWN_MAX = 20
_TOLD = {
    "ordersRerated": "orders at another rate",
    "customersGaining": "customers who win",
    "gainedPoints": "points they win",
    "customersLosing": "customers who lose",
    "lostPoints": "points they lose",
    "customersBelowZero": "customers who have spent them already",
    "debtPoints": "points they will owe",
    "ordersExpired": "orders left alone: their points have expired",
    "ordersPaused": "orders left alone: placed during a pause",
    "ordersUnpriced": "orders left alone: what they were worth cannot be told",
}


@dataclass(slots=True)
class Findings:
    """What came of all customers: `moved` are those with another balance, `failed` by the kind of error."""

    counts: Counter[str] = field(default_factory=Counter)
    moved: list[Outcome] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, customer_id: str, outcome: Outcome | str) -> None:
        """Takes down what came of one customer."""
        if isinstance(outcome, str):
            self.failed[customer_id] = outcome
            return
        self.counts.update(outcome.counts())
        if outcome.difference:
            self.moved.append(outcome)

    @property
    def largest(self) -> list[Outcome]:
        """Those whose balance moves most."""
        return sorted(self.moved, key=lambda it: (-abs(it.difference), it.customer_id))

    def as_json(self) -> dict[str, Any]:
        """Everything, plain."""
        changes = [
            {"customerId": it.customer_id, "difference": it.difference, "newDebt": it.new_debt, "balance": it.balance}
            for it in self.largest
        ]
        return {"counts": dict(sorted(self.counts.items())), "changes": changes, "failed": self.failed}


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    connect(options.ready)
    console = Console(soft_wrap=True, stderr=options.json)
    console.print(where(), markup=False)
    try:
        return _rerate(console, options)
    except PerennialError as error:
        print(error.message, file=sys.stderr)
        return REFUSED


def _rerate(console: Console, options: argparse.Namespace) -> int:
    org = OrgStore(options.org)
    params = rerating.proposal(org.org_id, options.since, options.until, keeps_multiplier=not options.as_of_now).params
    seen = visit_all(org, params, options.threads, rerating.look)
    token = rerating.token(params, seen.counts)
    if options.confirm is None:
        _tell(console, options, seen, "would do", token=None if seen.failed else token)
        return INCOMPLETE if seen.failed else DONE
    if options.confirm != token:
        print("This is not the token of what would be done now: look at a preview again.", file=sys.stderr)
        return REFUSED
    # The same may be done again some day, when rates have gone there and back: the moment tells the two apart.
    wanted = rerating.confirmed_params(params, f"confirmed:{token}:{params['at']}")
    done = visit_all(org, wanted, options.threads, rerating.carry_out)
    _tell(console, options, done, "has done", token=None)
    return INCOMPLETE if done.failed else DONE


def visit_all(
    org: OrgStore,
    params: Mapping[str, Any],
    threads: int,
    visit: Callable[[OrgStore, Mapping[str, Any], str], Outcome],
) -> Findings:
    """Visits every customer that has an account, so many at a time."""
    findings, after = Findings(), None
    visit_one = functools.partial(tried, functools.partial(visit, org, params))
    with ThreadPoolExecutor(threads) as pool:
        while True:
            page = rerating.members(org, params, after, _PAGE)
            for customer_id, outcome in zip(page, pool.map(visit_one, page), strict=True):
                findings.add(customer_id, outcome)
            if len(page) < _PAGE:
                return findings
            after = page[-1]


def _tell(console: Console, options: argparse.Namespace, found: Findings, done: str, *, token: str | None) -> None:
    if options.json:
        print(json.dumps({"org": options.org, "token": token, **found.as_json()}, indent=2))
        return
    table = Table("what", "how many", title=f"What pricing the orders of {options.org} anew {done}")
    for name, words in _TOLD.items():
        table.add_row(words, f"{found.counts[name]:,}")
    console.print(table)
    if found.moved:
        table = Table("customer", "points", "of which owed", "balance then", title="the largest")
        for it in found.largest[:_SHOWN_MAX]:
            table.add_row(it.customer_id, f"{it.difference:+,}", f"{it.new_debt:,}", f"{it.balance:,}")
        console.print(table)
    for customer_id, reason in sorted(found.failed.items())[:_SHOWN_MAX]:
        console.print(f"could not be dealt with: {customer_id} ({reason})", markup=False)
    if token:
        console.print(f"Nothing was written. Say the same with --confirm {token} to do it.", style="bold")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev rerate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--org", required=True, help="the shop")
    parser.add_argument("--since", required=True, type=date.fromisoformat, metavar="DATE", help="the first day, there")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="the day after the last (today)")
    parser.add_argument("--as-of-now", action="store_true", help="tier and equity as they are now, not as they were")
    parser.add_argument("--confirm", metavar="TOKEN", help="do it: the token that the preview has printed")
    parser.add_argument("--threads", type=int, default=8, help="customers visited at a time (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="everything as JSON on standard output")
    parser.add_argument("--ready", type=Path, help="the file that `./dev up --ready` wrote: use that stack")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
