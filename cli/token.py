"""`./dev token`: an unsigned ID token for the local stack, valid for an hour from the time it is there, printed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from cli import running
from emulator.clock import VARIABLE, ClockFile
from emulator.stack import PROJECT
from emulator.tokens import id_token


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev token", description=__doc__)
    parser.add_argument("--org", required=True, help="claim orgId")
    parser.add_argument("--role", required=True, help="claim role, such as owner, budtender or customer")
    parser.add_argument("--uid", default="local-user")
    parser.add_argument("--claim", action="append", default=[], metavar="NAME=VALUE", help="another claim; may be JSON")
    parser.add_argument("--project", default=os.environ.get("GOOGLE_CLOUD_PROJECT") or PROJECT)
    return parser.parse_args(arguments)


def _claim(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"--claim {text}: NAME=VALUE is wanted")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _clock() -> ClockFile:
    """The running stack's; ours if there is none, or more than one."""
    try:
        return ClockFile(Path(running.setting(VARIABLE)))
    except running.NoStack:
        return ClockFile(None)


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        claims = {"orgId": options.org, "role": options.role, **dict(_claim(text) for text in options.claim)}
        print(id_token(options.project, options.uid, claims, now_seconds=_clock().now_micros() / 1_000_000))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
