"""Prints a year's report for people."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo import render as demo
from cli.demo import tables
from cli.demo.report import Json

_POINTS = ("orders", "earned", "taken back", "released", "expired", "redeemed")
_MOVES = ("tiers up", "tiers down", "lapses", "segment moves", "told")


def render(report: Json, console: Console) -> None:
    """Everything that a person wants to see, the verdict last."""
    source, replay = report["source"], report["replay"]
    days = f"{source['days']:,} days from {source['from']}"
    console.print(f"\n{days}: {replay['orders']:,} orders, written {replay['writes']:,} times", style="bold")
    _months("Points by month", _POINTS, report["months"], console)
    _months("Customers by month", _MOVES, report["months"], console)
    tables.bars("Tiers", report["tiers"], console)
    tables.bars("Segments", report["segments"], console)
    tables.bars("Notices", {name.replace("_", " "): count for name, count in report["notices"].items()}, console)
    demo.at_the_till(report["redemptions"], console)
    if report["customer"]:
        _story(report["customer"], console)
    _bill(report["bill"], console)
    _nights(report["auditsAtNight"], console)
    demo.verdict(report, console)


def _months(title: str, columns: Sequence[str], months: list[Json], console: Console) -> None:
    table = tables.new_table(title, "month", *columns)
    for column in table.columns[1:]:
        column.justify = "right"
    for month in months:
        table.add_row(month["month"], *(f"{month[name]:,}" for name in columns))
    table.add_row("in all", *(f"{sum(month[name] for month in months):,}" for name in columns), style="bold")
    console.print(table)


def _story(customer: Json, console: Console) -> None:
    table = tables.new_table(f"The year of {customer['customerId']}", "", "points", "balance", "")
    table.columns[1].justify = table.columns[2].justify = "right"
    for event in customer["events"]:
        if event["points"] is None:
            table.add_row(event["at"][:10], "", "", Text(event["words"], "cyan"))
            continue
        style = "green" if event["points"] > 0 else "red" if event["points"] < 0 else ""
        table.add_row(event["at"][:10], Text(f"{event['points']:+,}", style), f"{event['available']:,}", event["words"])
    console.print(table)


def _bill(bill: Json, console: Console) -> None:
    title = f"What this would have cost, at list prices of {bill['pricesOf']}, nothing free"
    table: Table = tables.new_table(title, "", "reads", "writes", "deletes", "dollars")
    for column in table.columns[1:]:
        column.justify = "right"
    for line in bill["lines"]:
        counts = (f"{line[name]:,}" if name in line else "" for name in ("reads", "writes", "deletes"))
        table.add_row(line["item"], *counts, f"{line['dollars']:,.2f}")
    table.add_row(f"{bill['days']:,} days", "", "", "", f"{bill['dollars']:,.2f}", style="bold")
    if bill["dollarsPerThousandOrders"] is not None:
        table.add_row("per 1,000 orders", "", "", "", f"{bill['dollarsPerThousandOrders']:,.2f}", style="bold")
    console.print(table)


def _nights(states: Mapping[str, str], console: Console) -> None:
    if states:
        told = ", ".join(f"{day} {state}" for day, state in sorted(states.items()))
        console.print(f"\nAudits at night  {told}", highlight=False)
