"""`./dev demo`: orders through the local stack, points redeemed, a night's sync with Alpine IQ, a campaign to those who
have stayed away, all of it compared, audited and printed.

With --days the orders are written at their own moments, by a clock that is moved on day by day, and every night the
jobs run: points are released, warned of and expire, tiers lapse, segments change, and in the end there is a bill.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from cli import local_accounts
from cli.demo import alpine_night, sources
from cli.demo.chat import Chat, listening
from cli.demo.render import render
from cli.demo.replay import NotVisible
from cli.demo.report import is_clean
from cli.demo.retail_csv import BadExport
from cli.demo.run import run
from cli.demo.shop_setup import ORG_ID, YEAR
from cli.demo.till import UnexpectedAnswer
from cli.demo.year import render as year_render
from cli.demo.year import run as year
from cli.demo.year.jobs import JobFailed
from cli.demo.year.timeline import Span
from emulator.client import CallFailed
from emulator.clock import ClockFile
from emulator.processes import ProcessFailed
from emulator.stack import Stack

_GENERATED_DAYS = 120


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--orders",
        "--data",
        type=Path,
        metavar="FILE",
        help="a real export, .csv or .csv.gz, instead of a made-up shop",
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N invoices of the export")
    parser.add_argument("--seed", type=int, default=1, help="of the generated orders (default 1)")
    parser.add_argument("--customers", type=_positive, default=400, help="to generate (default 400)")
    parser.add_argument("--days", type=_positive, metavar="N", help="play so many days by a clock of their own")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, progress on standard error")
    parser.add_argument("--keep", action="store_true", help="leave the stack running until Ctrl-C")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when all is well, 1 when the audit or a comparison found anything or an event was given up,
    2 when the orders cannot be read."""
    options = _parse(arguments)
    started = time.perf_counter()
    console = Console(stderr=options.json)
    try:
        source = _source(options)
    except (BadExport, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="perennial-demo-") as folder, listening() as chat:
        try:
            with _stack(options, source, Path(folder), chat) as stack:
                if options.days:
                    report = year.run(stack, source, _span(options, source.first), console)
                else:
                    local_accounts.open_accounts(stack, [ORG_ID])
                    report = run(stack, source, console, chat)
                report["seconds"]["total"] = round(time.perf_counter() - started, 1)
                if options.json:
                    print(json.dumps(report, indent=2))
                elif options.days:
                    year_render.render(report, console)
                else:
                    render(report, console)
                if options.keep:
                    _keep(stack, console)
        except (ProcessFailed, NotVisible, UnexpectedAnswer, CallFailed, JobFailed, TimeoutError) as failure:
            print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
            return 1
    return 0 if is_clean(report) else 1


def _source(options: argparse.Namespace) -> sources.Source:
    if options.orders:
        until = (lambda first: _span(options, first).end) if options.days else None
        return sources.exported(ORG_ID, options.orders, options.limit, until)
    today, days = datetime.now(UTC).date(), options.days or _GENERATED_DAYS
    return sources.generated(ORG_ID, seed=options.seed, customers=options.customers, days=days, today=today)


def _span(options: argparse.Namespace, first: datetime) -> Span:
    return Span.of(first, options.days, YEAR.time_zone)


def _stack(options: argparse.Namespace, source: sources.Source, folder: Path, chat: Chat) -> Stack:
    """With --days one whose clock shows the first day from its start, else one with the vendors' sandboxes."""
    if not options.days:
        os.environ.update({**alpine_night.environment(chat), **local_accounts.environment([ORG_ID])})
        return Stack(with_tasks=True, with_vendors=True, log_folder=folder)
    clock = folder / "clock.json"
    ClockFile(clock).set(_span(options, source.first).start)
    return Stack(log_folder=folder, with_tasks=True, clock_file=clock)


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
