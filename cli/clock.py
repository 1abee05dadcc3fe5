"""`./dev clock`: shows or moves the time of the local stack; everything that asks for now obeys.

    ./dev clock                       what time it is there
    ./dev clock +90d                  later by weeks, days, hours, minutes or seconds (w d h m s); -2h: earlier
    ./dev clock set 2027-01-31        to a time, UTC unless it says otherwise: 2027-01-31T10:00, 2027-01-31T10:00-05:00
    ./dev clock reset                 back to real time

Firestore's own times never run backwards: after a move back they stand still until the clock is past the latest.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli import running
from emulator.clock import VARIABLE, ClockFile

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_MOVE = re.compile(r"([+-])(\d{1,8})([wdhms])")
_LOOKS_LIKE_A_MOVE = re.compile(r"[+-]\d")
# Whatever lies outside is a slip of the keyboard.
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class _Nonsense(Exception):
    """What was asked for makes no sense; says why."""


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    # By itself, since an argument that begins with a minus is an option to argparse.
    moves = [argument for argument in given if _LOOKS_LIKE_A_MOVE.match(argument)]
    options = _parse([argument for argument in given if argument not in moves])
    try:
        clock = ClockFile(Path(running.setting(VARIABLE, options.ready)))
        before = clock.now()
        _apply(clock, [*moves, *options.what])
        after = clock.now()
    except (_Nonsense, running.NoStack, ValueError) as mistake:
        print(mistake, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The clock cannot be moved: {error}", file=sys.stderr)
        return 2
    print(f"{after:%F %T} UTC, {_in_words(clock.offset)}")
    if after < before:
        print("Firestore's times do not run backwards: they stand still until the clock is past the latest of them.")
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev clock",
        usage="%(prog)s [+90d | -2h | set 2027-01-31[T10:00Z] | reset] [--ready FILE]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--ready", type=Path, help="the file that `./dev up --ready` wrote: the clock of that stack")
    return parser.parse_args(arguments)


def _apply(clock: ClockFile, words: list[str]) -> None:
    match words:
        case []:
            return
        case ["reset"]:
            clock.reset()
        case ["set", text]:
            clock.set(_checked(_moment(text)))
        case [text] if move := _MOVE.fullmatch(text):
            by = timedelta(**{_UNITS[move[3]]: int(move[1] + move[2])})
            _checked(clock.now(), by)
            clock.move(by)
        case _:
            raise _Nonsense(f"{' '.join(words)}? Wanted: +90d, -2h (w d h m s), set 2027-01-31[T10:00Z], or reset.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Nonsense(f"{text} is no time. Wanted: 2027-01-31, 2027-01-31T10:00Z or the like.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _checked(moment: datetime, by: timedelta = timedelta()) -> datetime:
    """The moment, if what `by` takes it to is one in which somebody may want to try something."""
    if not _EARLIEST - moment <= by < _LATEST - moment:
        raise _Nonsense(f"The clock goes from {_EARLIEST:%F} to {_LATEST:%F}.")
    return moment


def _in_words(offset: timedelta) -> str:
    """How far from real time, in its two largest units."""
    seconds = round(abs(offset).total_seconds())
    if not seconds:
        return "which is real time"
    parts = []
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return f"{' '.join(parts[:2])} {'ahead of' if offset > timedelta() else 'behind'} real time"


if __name__ == "__main__":
    sys.exit(main())
