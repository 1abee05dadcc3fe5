"""Runs the vendors' sandboxes in a process of their own: `python -m emulator.vendors --port 0`."""

from __future__ import annotations

import argparse
import json
import logging
import signal
from pathlib import Path
from types import FrameType

import waitress

from emulator.clock import ClockFile
from emulator.processes import exit_with_parent, leave, write_whole
from emulator.vendors.application import Application

PORT = 9699

# More than any client asks at once: a request that hangs occupies one.
_THREADS = 32


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.vendors", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help="0 lets the system choose a free one")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port", "sandboxes"} as JSON then')
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    # Waitress warns of answers that are shorter than they said, which here are on purpose.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    options = _parse(arguments)
    clock = ClockFile.of_environment()
    application = Application(lambda: clock.now_micros() / 1_000_000)

    def stop(number: int, frame: FrameType | None) -> None:
        application.release()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if options.with_parent:
        exit_with_parent()
    server = waitress.create_server(application, host=options.host, port=options.port, threads=_THREADS)
    told = {"host": options.host, "port": server.effective_port, "sandboxes": application.names}
    if options.ready is not None:
        write_whole(options.ready, json.dumps(told))
    server.run()
    return 0


if __name__ == "__main__":
    leave(main())
