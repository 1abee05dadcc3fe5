"""How far a year has come: a bar on a terminal, a line a month elsewhere."""

from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.demo.year.oracle import Oracle
from cli.demo.year.timeline import Span

_COLUMNS = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"), TimeElapsedColumn()


class Days:
    """Shows each day that has ended, and points once a month, since all have to be added up. A context manager: the bar
    goes away with it."""

    def __init__(self, console: Console, span: Span) -> None:
        self._console = console
        self._span = span
        self._zone = ZoneInfo(span.time_zone)
        self._month, self._points = "", ""
        self._bar = Progress(*_COLUMNS, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("Days", total=span.days, words="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, ended_at: datetime, orders: int, oracle: Oracle) -> None:
        """The day that ended at this moment (UTC), with what there is by then."""
        day = (ended_at - timedelta(seconds=1)).astimezone(self._zone).date()
        month, is_new = f"{day:%Y-%m}", f"{day:%Y-%m}" != self._month
        self._month = month
        if is_new:
            self._points = f"{oracle.available:,} points to spend, {oracle.expired:,} expired"
        words = f"{day}  {orders:,} orders  {self._points}"
        self._bar.update(self._task, advance=1, words=words)
        if is_new and self._bar.disable:
            self._console.print(words, highlight=False)
