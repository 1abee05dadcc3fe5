"""Runs a local Firestore in a process of its own: `python -m emulator.firestore --host 127.0.0.1 --port 8080`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
from pathlib import Path

from emulator.firestore.server import assemble


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.firestore", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 lets the system choose a free one")
    parser.add_argument("--ready", type=Path, help='file that gets {"host", "port"} as JSON once requests are served')
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = assemble()
    port = await server.start(options.host, options.port)
    if options.ready is not None:
        _write_whole(options.ready, json.dumps({"host": options.host, "port": port}))
    logging.getLogger("emulator.firestore").info("Firestore is served on %s:%d", options.host, port)
    await stopped.wait()
    await server.stop()


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader waiting for it never sees a part of it."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(_serve(_parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
