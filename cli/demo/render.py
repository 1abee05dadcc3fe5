"""Prints a demo's report for people."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from cli.demo import tables
from cli.demo.report import Json
from cli.demo.tables import money
from cli.demo.winback import render as winback

_PROBLEMS_MAX = 10
_OPEN_MAX = 4
_HINDRANCES = {
    "redeemed_here": "points redeemed here, which Alpine IQ does not know of, do not come back",
    "owes": "a debt, which Alpine IQ does not know of, is not forgiven",
}


def render(report: Json, console: Console) -> None:
    """Everything of a report that a person wants to see, the verdict last."""
    _orders(report, console)
    _customers(report, console)
    tables.bars("Tiers", report["tiers"], console)
    tables.bars("Segments", report["segments"], console)
    at_the_till(report["redemptions"], console)
    _with_alpine_iq(report["alpineIq"], console)
    if report["customer"]:
        _ledger(report["customer"], console)
    if report["winBack"]:
        winback.render(report["winBack"], console)
    verdict(report, console)


def _took(durations: Json) -> str:
    return f"p50 {durations['p50Ms']:.0f} ms, p95 {durations['p95Ms']:.0f} ms ({durations['count']:,} timed)"


def _orders(report: Json, console: Console) -> None:
    replay, cost, latency = report["replay"], report["billed"], report["latency"]
    facts = {
        "orders": f"{replay['orders']:,}",
        "writes of them": f"{replay['writes']:,} (steps, edits, refunds, unchanged rewrites)",
        "pace": f"{replay['writesPerSecond']:,.0f} writes a second for {replay['busySeconds']:.1f} s, events worked",
        "billed to functions": f"{cost['readsPerOrder']} reads and {cost['writesPerOrder']} writes an order",
    }
    for name, words in (("busy", "written to visible, at that pace"), ("quiet", "written to visible, one at a time")):
        if latency[name]["count"]:
            facts[words] = _took(latency[name])
    refunds = report["cancellations"]
    if refunds:
        facts["cancelled lines"] = (
            f"{refunds['lines']:,}: {refunds['lines_matched']:,} found their sale, "
            f"{refunds['lines_matched_in_part']:,} in part, {refunds['lines_unmatched']:,} not"
        )
        facts["cancelled money"] = f"{money(refunds['cents'])}, {money(refunds['cents_matched'])} found its sale"
    tables.facts("Orders", facts, console)


def _customers(report: Json, console: Console) -> None:
    balances = report["balances"]
    facts = {
        "customers": f"{balances['customers']:,}",
        "orders that count": f"{balances['ordersCounted']:,}",
        "lifetime spend": money(balances["spendCents"]),
        "points available": f"{balances['pointsAvailable']:,}",
        "points owed": f"{balances['pointsOwed']:,} (refunded after they were spent)",
    }
    facts |= {f"kept for review: {reason}": f"{count:,}" for reason, count in report["inbox"].items()}
    tables.facts("Customers", facts, console)


def at_the_till(found: Json, console: Console) -> None:
    """Prints what came of redeeming points."""
    facts = {outcome: f"{count:,}" for outcome, count in found["outcomes"].items()}
    facts["points redeemed"] = f"{found['pointsRedeemed']:,}"
    if found["redeem"]["count"]:
        facts["hold and capture"] = _took(found["redeem"])
    if found["calls"]["count"]:
        facts["one call"] = _took(found["calls"])
    tables.facts("At the till", facts, console)


def _with_alpine_iq(night: Json, console: Console) -> None:
    """Prints the two nights."""
    billed, after, override = night["billed"], night["nextNight"], night["override"]
    facts = {
        "customers compared": f"{night['compared']:,} of {night['customers']:,}, {night['notMembers']:,} no members",
        "asked of it, billed": f"{night['requests']} requests, {billed['reads']:,} reads, {billed['writes']:,} writes",
        "within 10 %": f"{night['agreed']:,}",
        "above, its figure holds": f"{night['overridden']:,}, each by a ledger entry with both figures",
    }
    if override:
        facts["one of these"] = f"{override['customerId']}: {override['explanation']}"
    facts["left open for a person"] = f"{night['open']:,}"
    for each in night["leftOpen"][:_OPEN_MAX]:
        sides = f"we say {each['calculated']:,}, Alpine IQ {each['alpine']:,}"
        facts[f"  {each['customerId']}"] = f"{sides}: {_HINDRANCES.get(each['why'], each['why'])}"
    if decided := night["decided"]:
        facts["decided"] = f"{decided['customerId']}: {decided['resolution']} ({decided['reason']})"
    if alert := night["alert"]:
        figures = ", ".join(f"{field['name']} {field['value']}" for field in alert["fields"])
        facts["operators were told"] = f"{alert['title']}: {figures}"
    facts["the next night"] = (
        f"{after['unchanged']:,} unchanged: {after['requests']} requests, {after['billed']['reads']:,} reads, "
        f"{after['billed']['writes']:,} writes"
    )
    if told := night["unreachable"]:
        facts["while it does not answer"] = f"the till is told our {told['points']:,} points, and why: {told['why']}"
    tables.facts("A night with Alpine IQ", facts, console)


def _ledger(customer: Json, console: Console) -> None:
    table = tables.new_table(f"How {customer['customerId']} came to these points", "", "", "points", "balance", "")
    for column in (0, 2, 3):
        table.columns[column].justify = "right"
    for entry in customer["entries"]:
        style = "green" if entry["points"] > 0 else "red" if entry["points"] < 0 else ""
        points, balance = Text(f"{entry['points']:+,}", style), f"{entry['balances']['available']:,}"
        table.add_row(str(entry["seq"]), entry["occurredAt"][:10], points, balance, entry["explanation"])
    console.print(table)
    if customer["nextCursor"]:
        console.print("... and earlier entries", style="dim")


def verdict(report: Json, console: Console) -> None:
    """Prints whether all is well, and what is not."""
    console.print()
    audit, expected = report["audit"], report["expected"]
    for title, problems, clean in (
        ("Audit", audit["violations"], f"every invariant holds in {audit['documents']:,} documents"),
        (
            "Expected",
            expected["differences"],
            f"the figures of all {expected['customers']:,} customers agree",
        ),
        ("Events", report["failures"], f"all {report['events']['delivered']:,} were worked"),
        *_campaign(report.get("winBack")),
    ):
        found = Text(f"{len(problems):,} found", "bold red") if problems else Text(clean, "bold green")
        console.print(Text(f"{title:<9} ").append(found))
        for problem in problems[:_PROBLEMS_MAX]:
            console.print(f"  {problem}", highlight=False, markup=False)
    console.print(f"{report['seconds']['total']:.0f} s in all", style="dim")


def _campaign(campaign: Json | None) -> Iterator[tuple[str, list[str], str]]:
    if campaign:
        sent = campaign["texts"] + campaign["mails"]
        clean = f"{sent:,} messages, one to each who must get one, none to anybody else, none at night"
        yield "Campaign", campaign["differences"], clean
