"""How the demos print figures: tables without lines, facts by name, counts with bars."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

_BAR_WIDTH = 30


def new_table(title: str, *columns: str) -> Table:
    """A table without lines; without a heading where no column has a name."""
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.show_header = any(columns)
    for column in columns:
        table.add_column(column)
    return table


def facts(title: str, told: Mapping[str, str], console: Console) -> None:
    """Prints one thing a line, by its name."""
    table = new_table(title, "", "")
    for name, value in told.items():
        table.add_row(f"{name}  ", value)
    console.print(table)


def bars(title: str, counted: Mapping[str, int], console: Console) -> None:
    """Prints counts by name, with a bar each."""
    table = new_table(title, "", "", "")
    table.columns[1].justify = "right"
    most = max(counted.values(), default=0)
    for name, count in counted.items():
        table.add_row(f"{name}  ", f"{count:,}", Text("█" * round(_BAR_WIDTH * count / most) if most else "", "cyan"))
    console.print(table)


def money(cents: int) -> str:
    """Dollars, with commas and without a sign."""
    return f"{cents / 100:,.2f}"
