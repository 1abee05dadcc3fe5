"""Runs every function of main.py in one process: `python -m emulator.functions --project P --firestore HOST:PORT`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
from pathlib import Path
from types import FrameType

from emulator.processes import exit_with_parent, leave, wait_for_file, write_whole

_THREADS = 16
_AUTH_EMULATOR = "127.0.0.1:9099"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.functions", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5001, help="0 lets the system choose a free one")
    parser.add_argument("--project", required=True)
    parser.add_argument("--source", type=Path, default=Path.cwd(), help="folder of main.py")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--firestore", help="HOST:PORT of the Firestore emulator")
    where.add_argument("--firestore-ready", type=Path, help="the ready-file of one that may still be starting")
    queues = parser.add_mutually_exclusive_group()
    queues.add_argument("--tasks", help="HOST:PORT of a Cloud Tasks emulator, where task functions get their queues")
    queues.add_argument("--tasks-ready", type=Path, help="the ready-file of one that may still be starting")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port"} as JSON once requests are served')
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


def _address(given: str | None, ready: Path | None) -> str | None:
    """host:port of an emulator, as given or as its ready-file says once it is there."""
    if ready is None:
        return given
    told = json.loads(wait_for_file(ready))
    return f"{told['host']}:{told['port']}"


def _prepare_environment(project: str, firestore: str, tasks: str | None) -> None:
    """What the Firebase emulator gives to functions. The values reach main.py, so they are set before it is loaded."""
    os.environ.update(
        GCLOUD_PROJECT=project,
        GOOGLE_CLOUD_PROJECT=project,
        FIREBASE_CONFIG=json.dumps({"projectId": project}),
        FIRESTORE_EMULATOR_HOST=firestore,
        FUNCTIONS_EMULATOR="true",
    )
    # Any value makes the Admin SDK accept unsigned tokens; it asks no server.
    os.environ.setdefault("FIREBASE_AUTH_EMULATOR_HOST", _AUTH_EMULATOR)
    if tasks is not None:
        os.environ["CLOUD_TASKS_EMULATOR_HOST"] = tasks


def main(arguments: list[str] | None = None) -> int:
    # Warnings only: the functions' SDK says at INFO that it has verified a callable's tokens, at every call.
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _stop)
    if options.with_parent:
        exit_with_parent()
    # These imports take most of the start; done first, they run while a Firestore emulator is starting too.
    import waitress

    from emulator.functions.application import Application
    from emulator.functions.loader import load_functions
    from emulator.functions.registration import register_triggers

    firestore = _address(options.firestore, options.firestore_ready)
    tasks = _address(options.tasks, options.tasks_ready)
    assert firestore is not None, "one of its two options is required"
    _prepare_environment(options.project, firestore, tasks)
    functions = load_functions(options.source.resolve())
    application = Application(options.project, functions)
    server = waitress.create_server(application, host=options.host, port=options.port, threads=_THREADS)
    # Waitress warns of every request that has to wait for a thread, which under load is the normal case.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # The port is open by now, so events that are sent at once wait in its backlog.
    register_triggers(functions, options.project, firestore, f"{options.host}:{server.effective_port}")
    # Not a variable of Google's or Firebase's: by it the product knows where its tasks have to go.
    os.environ["FUNCTIONS_EMULATOR_HOST"] = f"{options.host}:{server.effective_port}"
    if tasks is not None:
        from emulator.functions.queues import make_queues

        make_queues(functions, options.project, tasks)
    if options.ready is not None:
        write_whole(options.ready, json.dumps({"host": options.host, "port": server.effective_port}))
    server.run()
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    leave(main())
