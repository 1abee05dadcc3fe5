"""`./dev up`: the local stack on the official emulators' ports, until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from cli import local_accounts, running
from cli.local_accounts import DEMO_ORG
from emulator.processes import ProcessFailed, write_whole
from emulator.stack import PROJECT, Stack

FIRESTORE_PORT = 8080
FUNCTIONS_PORT = 5001
TASKS_PORT = 9499
SCHEDULER_PORT = 9599
VENDORS_PORT = 9699

_CHECK_SECONDS = 0.5


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev up", description=__doc__)
    parser.add_argument("--project", default=PROJECT)
    parser.add_argument("--port", type=int, default=FIRESTORE_PORT, help="of Firestore; 0: free ports for all")
    parser.add_argument("--functions-port", type=int, help=f"{FUNCTIONS_PORT} unless --port 0 is given")
    parser.add_argument("--tasks-port", type=int, help=f"{TASKS_PORT} unless --port 0 is given")
    parser.add_argument("--scheduler-port", type=int, help=f"{SCHEDULER_PORT} unless --port 0 is given")
    parser.add_argument("--vendors-port", type=int, help=f"{VENDORS_PORT} unless --port 0 is given")
    parser.add_argument(
        "--org",
        action="append",
        help=f"has accounts at the sandboxes of Blackleaf and Mailjet; may be repeated (default {DEMO_ORG})",
    )
    parser.add_argument("--ready", type=Path, help="file that gets the addresses as JSON once everything serves")
    parser.add_argument(
        "--concurrency",
        choices=["pessimistic", "optimistic"],
        default="pessimistic",
        help="whether transactions lock what they read, as in production, or are checked when they commit",
    )
    parser.add_argument("--no-index-check", action="store_true", help="run queries that lack their composite index too")
    parser.add_argument("--rules-trace", action="store_true", help="say which security rules denied a request, and why")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="keep commits and tasks there, over restarts")
    parser.add_argument("--import", dest="import_from", type=Path, metavar="DIR", help="start with this data set")
    parser.add_argument("--export-on-exit", type=Path, metavar="DIR", help="leave a data set there (docs/data-sets.md)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    org_ids = options.org or [DEMO_ORG]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        os.environ.update(local_accounts.environment(org_ids, options.data_dir))
        stack = Stack(
            options.project,
            firestore_port=options.port,
            functions_port=_port(options.functions_port, FUNCTIONS_PORT if options.port else 0),
            with_tasks=True,
            tasks_port=_port(options.tasks_port, TASKS_PORT if options.port else 0),
            with_scheduler=True,
            scheduler_port=_port(options.scheduler_port, SCHEDULER_PORT if options.port else 0),
            with_vendors=True,
            vendors_port=_port(options.vendors_port, VENDORS_PORT if options.port else 0),
            index_check=not options.no_index_check,
            rules_trace=options.rules_trace,
            concurrency=options.concurrency,
            data_dir=options.data_dir,
            import_from=options.import_from,
            export_to=options.export_on_exit,
        )
        with stack, running.announced(_description(stack)):
            local_accounts.open_accounts(stack, org_ids)
            _announce(stack, org_ids, options.ready)
            while not stop.wait(_CHECK_SECONDS):
                stack.check()
    except ProcessFailed as failure:
        print(f"{failure}\nIf another stack is using the ports: --port 0 takes free ones.", file=sys.stderr)
        return 1
    except ValueError as mistake:
        print(mistake, file=sys.stderr)
        return 2
    return 0


def _port(given: int | None, default: int) -> int:
    return default if given is None else given


def _description(stack: Stack) -> dict[str, Any]:
    """Where a stack is, for programs."""
    addresses = {
        "firestore": stack.firestore,
        "functions": stack.functions,
        "tasks": stack.tasks,
        "scheduler": stack.scheduler,
        "vendors": stack.vendors,
    }
    return {"project": stack.project, **addresses, "env": stack.environment, "pids": stack.pids}


def _announce(stack: Stack, org_ids: list[str], ready: Path | None) -> None:
    print(f"Firestore    {stack.firestore}\nFunctions    http://{stack.functions}/  (project {stack.project})")
    print(f"Cloud Tasks  {stack.tasks}\nScheduler    http://{stack.scheduler}/")
    print(f"Vendors      http://{stack.vendors}/sandbox")
    print(f"Inbox        http://{stack.vendors}/inbox  (texts and e-mails of {', '.join(org_ids)})\n")
    for name, value in stack.environment.items():
        print(f"export {name}={value}")
    print("\nCtrl-C ends it.", flush=True)
    if ready is not None:
        write_whole(ready, json.dumps(_description(stack)))


if __name__ == "__main__":
    sys.exit(main())
