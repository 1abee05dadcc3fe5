"""Runs a local Firestore in a process of its own: `python -m emulator.firestore --host 127.0.0.1 --port 8080`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
from pathlib import Path

from emulator.firestore.engine import Engine
from emulator.firestore.events.triggers import Destination
from emulator.firestore.guard import Guard
from emulator.firestore.locks import LOCK_TIMEOUT_SECONDS
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.persistence.keeping import Keeping, add_options
from emulator.firestore.queries.composite import IndexCatalog
from emulator.firestore.rulebook import Rulebook
from emulator.firestore.rules import RulesSyntaxError
from emulator.firestore.server import assemble
from emulator.firestore.transactions import DEFAULT_CONCURRENCY, Concurrency
from emulator.processes import exit_with_parent, leave, write_whole

_RULES_CHECK_SECONDS = 0.5


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.firestore", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 lets the system choose a free one")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port"} as JSON once requests are served')
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--indexes", type=Path, help="firestore.indexes.json; a query without its index is refused")
    parser.add_argument("--rules", type=Path, help="firestore.rules, loaded again on change; without it all is open")
    parser.add_argument("--rules-trace", action="store_true", help="log denials with the statements and lines tried")
    parser.add_argument(
        "--concurrency",
        choices=[concurrency.name.lower() for concurrency in Concurrency],
        default=DEFAULT_CONCURRENCY.name.lower(),
        help="of transactions that do not say: lock what they read, or compare it when they commit (%(default)s)",
    )
    parser.add_argument(
        "--lock-timeout-seconds",
        type=float,
        default=LOCK_TIMEOUT_SECONDS,
        help="how long a request waits for others' transactions before it is ABORTED (%(default)s)",
    )
    add_options(parser)
    functions = parser.add_mutually_exclusive_group()
    functions.add_argument("--functions", metavar="HOST:PORT", help="where document events go: our functions host")
    functions.add_argument("--functions_emulator", metavar="HOST:PORT", help="the same: the Firebase CLI's emulator")
    return parser.parse_args(arguments)


def _functions(options: argparse.Namespace) -> Destination | None:
    address = options.functions or options.functions_emulator
    if address is None:
        return None
    host, _, port = address.rpartition(":")
    return Destination(host, int(port), base64=options.functions is None)


async def _serve(options: argparse.Namespace, guard: Guard, keeping: Keeping) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    indexes = IndexCatalog.from_file(options.indexes) if options.indexes else None
    engine = Engine(
        store=keeping.store,
        indexes=indexes,
        guard=guard,
        concurrency=Concurrency[options.concurrency.upper()],
        lock_timeout_seconds=options.lock_timeout_seconds,
    )
    server = assemble(engine, keeping.serve(engine), _functions(options))
    port = await server.start(options.host, options.port)
    if options.ready is not None:
        write_whole(options.ready, json.dumps({"host": options.host, "port": port}))
    logging.getLogger("emulator.firestore").info("Firestore is served on %s:%d", options.host, port)
    while not stopped.is_set() and not keeping.failed:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _RULES_CHECK_SECONDS)
        # Requests see changed rules by themselves; this is for who waits for the log, and for listeners.
        guard.rulebook.refresh()
    await server.stop()
    await keeping.close()


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parse(arguments)
    if options.with_parent:
        exit_with_parent()
    try:
        guard = Guard(Rulebook(options.rules), trace=options.rules_trace)
    except OSError as error:
        logging.error("%s", error)
        return 1
    except RulesSyntaxError as error:
        logging.error("%s", "\n".join(f"{options.rules}:{issue}" for issue in error.issues))
        return 1
    try:
        keeping = Keeping(options)
        asyncio.run(_serve(options, guard, keeping))
    except StorageError as error:
        logging.error("%s", error)
        return 1
    return 1 if keeping.failed else 0


if __name__ == "__main__":
    leave(main())
