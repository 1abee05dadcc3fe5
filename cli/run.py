"""`./dev run NAME`: calls one schedule of the running stack now and says what it answered; exit 1 if it failed.

Without a name: the schedules, when each is due next, and what came of its last run. Exit 2 for a name that is none of
them, or when there is no stack.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import quote

import requests

from cli import running

_LISTING_SECONDS = 10
# Longer than any attempt may take.
_RUN_SECONDS = 1900


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        scheduler = running.setting("CLOUD_SCHEDULER_EMULATOR_HOST", options.ready)
        return _list(scheduler) if options.name is None else _run(scheduler, options.name)
    except running.NoStack as error:
        print(error, file=sys.stderr)
    except requests.RequestException as error:
        print(f"The scheduler does not answer: {error}", file=sys.stderr)
    return 2


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument("name", nargs="?", help="of the schedule, such as age_customers")
    parser.add_argument("--ready", type=Path, help="the file that `./dev up --ready` wrote: a schedule of that stack")
    return parser.parse_args(arguments)


def _list(scheduler: str) -> int:
    schedules = requests.get(f"http://{scheduler}/", timeout=_LISTING_SECONDS).json()["schedules"]
    for it in schedules:
        last = it["lastRun"]
        state = "running" if it["running"] else "" if last is None else f"last {last['beganAt']}: {last['message']}"
        print(f"{it['name']:<24} {it['schedule']:<16} {it['timeZone']:<5} next {it['nextAt']}  {state}".rstrip())
    if not schedules:
        print("This stack has no schedules.")
    return 0


def _run(scheduler: str, name: str) -> int:
    answer = requests.post(f"http://{scheduler}/{quote(name, safe='')}:run", timeout=_RUN_SECONDS)
    if answer.status_code == requests.codes.conflict:
        print(f"{name} is running already.", file=sys.stderr)
        return 1
    if answer.status_code == requests.codes.not_found:
        names = ", ".join(answer.json().get("schedules", [])) or "none"
        print(f"{name} is no schedule. There are: {names}.", file=sys.stderr)
        return 2
    outcome = answer.json()
    print(f"{name}: {outcome['message']}")
    if outcome["answer"].strip():
        print(outcome["answer"].strip())
    return 0 if outcome["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
