"""`./dev migrate --org ORG`: takes a shop's customers, orders and points into the ledger; by default only a preview.

Nothing is written without --apply. Customers come first, then the orders that none of them accounts for, each in a
transaction of its own: whatever stops it, running it again goes on with what is left. Exit 1 when something could not
be taken over or a document is missing, 2 when it was refused.

Against FIRESTORE_EMULATOR_HOST, if set; else the real project that GOOGLE_CLOUD_PROJECT names, with the application
default credentials; else the stack that `./dev up` runs on its usual port.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from rich.console import Console

from cli.database import connect, tried, where
from cli.migrate_report import Findings, show
from lib.domain.errors import PerennialError
from lib.domain.takeover import BalanceRule
from lib.store.org import OrgStore
from lib.store.taking_over import Visit
from lib.usecases import migration

DONE, INCOMPLETE, REFUSED = 0, 1, 2
_PAGE = 500


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    connect(options.ready)
    console = Console(soft_wrap=True, stderr=options.json)
    console.print(where(), markup=False)
    rule = BalanceRule(options.balances) if options.balances else None
    try:
        if rule and options.begin:
            return _begin(console, options.org, rule)
        return _apply(console, options, rule) if rule and options.apply else _preview(console, options, rule)
    except PerennialError as error:
        print(error.message, file=sys.stderr)
        return REFUSED


def _preview(console: Console, options: argparse.Namespace, rule: BalanceRule | None) -> int:
    org, decided = OrgStore(options.org), migration.preview(options.org, rule)
    findings = visit_all(console, org, options.threads, lambda member: [migration.look(org, decided, member)])
    _tell(console, options, findings, f"What taking over {options.org} would do, balances: {decided.balances}")
    if not options.json:
        console.print("Nothing was written. Say --apply --balances keep, or from_orders, to do it.", style="bold")
    return INCOMPLETE if findings.failed else DONE


def _begin(console: Console, org_id: str, rule: BalanceRule) -> int:
    decided = migration.begin(org_id, rule)
    console.print(f"{org_id} is taken over as of {decided.at:%F %T} UTC, balances: {decided.balances}.", style="bold")
    return DONE


def _apply(console: Console, options: argparse.Namespace, rule: BalanceRule) -> int:
    org = OrgStore(options.org)
    before = migration.counts(org.org_id)
    decided = migration.begin(org.org_id, rule)
    findings = visit_all(console, org, options.threads, lambda member: migration.take_over(org, decided, member))
    after = migration.counts(org.org_id)
    _tell(console, options, findings, f"{org.org_id} was taken over as of {decided.at:%F %T} UTC, balances: {rule}")
    missing = [name for name in before if after[name] < before[name]]
    for name in before:
        console.print(f"{name}: {before[name]:,} documents before, {after[name]:,} after")
    if missing:
        console.print(f"documents are missing: {', '.join(missing)}", style="bold red")
    return INCOMPLETE if findings.failed or missing else DONE


def visit_all(console: Console, org: OrgStore, threads: int, visit: Callable[[str], list[Visit]]) -> Findings:
    """Visits every member, so many at a time: all customers, and then the orders that are left."""
    findings, started = Findings(), perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for step in migration.STEPS:
            visited = 0
            for found in _pages(org, step):
                # A preview writes nothing that would tell which orders have been accounted for.
                page = [member for member in found if migration.order_of(member) not in findings.order_ids]
                for member, outcome in zip(page, pool.map(lambda one: tried(visit, one), page), strict=True):
                    if isinstance(outcome, str):
                        findings.failed[member] = outcome
                    else:
                        findings.add(member, outcome)
                visited += len(found)
                console.print(f"{visited:,} {step} looked at, {perf_counter() - started:.1f} s")
    return findings


def _pages(org: OrgStore, step: str) -> Iterator[list[str]]:
    after = None
    while True:
        page = migration.members(org, {"step": step}, after, _PAGE)
        if page:
            yield page
        if len(page) < _PAGE:
            return
        after = page[-1]


def _tell(console: Console, options: argparse.Namespace, findings: Findings, title: str) -> None:
    if options.json:
        print(json.dumps({"org": options.org, **findings.as_json()}, indent=2))
    else:
        show(console, findings, title)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev migrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--org", required=True, help="the shop")
    parser.add_argument(
        "--balances",
        choices=[rule.value for rule in BalanceRule],
        help="keep: every balance stays what is stored (a preview's default); from_orders: orders add what they deserve"
        " beyond it, and nobody loses",
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--apply", action="store_true", help="do it; --balances must be said")
    doing.add_argument("--begin", action="store_true", help="only decide, as of now: then deploy")
    parser.add_argument("--threads", type=int, default=8, help="members visited at a time (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="everything as JSON on standard output")
    parser.add_argument("--ready", type=Path, help="the file that `./dev up --ready` wrote: use that stack")
    options = parser.parse_args(arguments)
    if (options.apply or options.begin) and not options.balances:
        parser.error("--apply and --begin need --balances: who decides the balances is for the shop to say")
    return options


if __name__ == "__main__":
    sys.exit(main())
