"""The security rules of each project: those it was given over HTTP, else those of a file that is read again on change.

A text that does not parse never replaces rules that did: whoever gave it is told where it is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from emulator.firestore.rules import Ruleset, RulesSyntaxError, parse

_log = logging.getLogger(__name__)

_Stamp: TypeAlias = tuple[int, int, int]


class Rulebook:
    """Which rules are in force. Without a file, projects that were given none are open: everybody may do everything."""

    def __init__(self, file: Path | None = None) -> None:
        """Raises OSError or RulesSyntaxError when there is a file and it cannot be used: no start without them."""
        self._file = file
        self._given: dict[str, Ruleset] = {}
        self._observers: list[Callable[[], None]] = []
        self._common: Ruleset | None = None
        self._stamp: _Stamp | None = None
        if file is not None:
            self._stamp = _stamp(file)
            self._common = parse(_read(file))

    def of(self, project: str) -> Ruleset | None:
        """The rules of a project as of now, None when it is open."""
        self.refresh()
        return self._given.get(project, self._common)

    def give(self, project: str, source: str) -> Ruleset:
        """Put rules in force for one project, whatever the file says. On RulesSyntaxError the old ones stay."""
        ruleset = self._given[project] = parse(source)
        self._tell()
        return ruleset

    def refresh(self) -> None:
        """Take over the file if it has changed; what is wrong with it goes to the log, once for each change."""
        if self._file is None:
            return
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._common = parse(_read(self._file))
        except (OSError, UnicodeDecodeError) as error:
            _log.error("%s cannot be read, the rules stay as they were: %s", self._file, error)
        except RulesSyntaxError as error:
            issues = "\n".join(f"{self._file}:{issue}" for issue in error.issues)
            _log.error("The rules stay as they were:\n%s", issues)
        else:
            _log.info("%s was loaded again", self._file)
            self._tell()

    def on_change(self, observer: Callable[[], None]) -> None:
        """Have `observer` called whenever other rules come into force: listeners must be decided anew."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _stamp(file: Path) -> _Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
