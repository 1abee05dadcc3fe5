"""`./dev demo`: orders through the local stack, points redeemed, all of it audited, compared and printed."""

import argparse
import json
import signal
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from cli.demo import sources
from cli.demo.render import render
from cli.demo.replay import NotVisible
from cli.demo.report import is_clean
from cli.demo.retail_csv import BadExport
from cli.demo.run import run
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import UnexpectedAnswer
from emulator.client import CallFailed
from emulator.processes import ProcessFailed
from emulator.stack import Stack


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--orders", type=Path, metavar="FILE", help="a real export, .csv or .csv.gz, instead")
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N invoices of the export")
    parser.add_argument("--seed", type=int, default=1, help="of the generated orders (default 1)")
    parser.add_argument("--customers", type=_positive, default=400, help="to generate (default 400)")
    parser.add_argument("--days", type=_positive, default=120, help="of orders to generate (default 120)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, progress on standard error")
    parser.add_argument("--keep", action="store_true", help="leave the stack running until Ctrl-C")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when all is well, 1 when the audit or the comparison found anything or an event was given up,
    2 when the orders cannot be read."""
    options = _parse(arguments)
    started = time.perf_counter()
    console = Console(stderr=options.json)
    try:
        source = _source(options)
    except (BadExport, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="perennial-demo-") as logs:
        try:
            with Stack(with_tasks=True, log_folder=Path(logs)) as stack:
                report = run(stack, source, console)
                report["seconds"]["total"] = round(time.perf_counter() - started, 1)
                if options.json:
                    print(json.dumps(report, indent=2))
                else:
                    render(report, console)
                if options.keep:
                    _keep(stack, console)
        except (ProcessFailed, NotVisible, UnexpectedAnswer, CallFailed, TimeoutError) as failure:
            print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
            return 1
    return 0 if is_clean(report) else 1


def _source(options: argparse.Namespace) -> sources.Source:
    if options.orders:
        return sources.exported(ORG_ID, options.orders, options.limit)
    today = datetime.now(UTC).date()
    return sources.generated(ORG_ID, seed=options.seed, customers=options.customers, days=options.days, today=today)


def _keep(stack: Stack, console: Console) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    console.print(f"\nFirestore {stack.firestore}, functions http://{stack.functions}/, org {ORG_ID}. Ctrl-C ends it.")
    for name, value in stack.environment.items():
        console.print(f"export {name}={value}", highlight=False)
    while not stop.wait(0.5):
        stack.check()


if __name__ == "__main__":
    sys.exit(main())
