"""Where the demo's orders come from: the seeded generator, or a real export."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.demo import generator
from cli.demo.documents import OrderWrite
from cli.demo.expected import Figures, Programme, export_figures, stream_figures
from cli.demo.retail_csv import BadExport, read_export
from cli.demo.retail_replay import RetailReplay


@dataclass(frozen=True, slots=True)
class Source:
    """A stream of orders, the days it spans, and what the balances must be once it has been played.

    `writes` can be played once. `cancellations` says how refunds were understood, once it has been; empty without any.
    """

    description: Mapping[str, Any]
    first: datetime
    last: datetime
    writes: Iterator[OrderWrite]
    expected: Callable[[Programme], Mapping[str, Figures]]
    cancellations: Callable[[], Mapping[str, int]]


def generated(org_id: str, *, seed: int, customers: int, days: int, today: date) -> Source:
    """Orders of a made-up shop up to yesterday."""
    options = generator.Options(org_id, today - timedelta(days=1), seed, customers, days)
    writes = generator.generate(options)
    start = datetime.combine(today - timedelta(days=days), datetime.min.time(), UTC)
    return Source(
        description={"kind": "generated", "seed": seed, "customers": customers, "days": days},
        first=start,
        last=start + timedelta(days=days),
        writes=iter(writes),
        expected=lambda programme: stream_figures(writes, programme),
        cancellations=dict,
    )


def exported(org_id: str, path: Path, limit: int | None, until: Callable[[datetime], datetime] | None = None) -> Source:
    """The first `limit` invoices of a real export, all without one. Raises BadExport, also for an empty one.

    `until` says of the first invoice's moment before which one the last must be.
    """
    invoices = read_export(path, limit)
    if not invoices:
        raise BadExport(f"{path.name}: holds no invoice")
    if until is not None:
        end = until(invoices[0].at)
        invoices = [invoice for invoice in invoices if invoice.at < end]
        limit = len(invoices)
    replay = RetailReplay(org_id, invoices)
    return Source(
        description={"kind": "export", "file": path.name, "invoices": len(invoices)},
        first=invoices[0].at,
        last=invoices[-1].at,
        writes=replay.writes(),
        expected=lambda programme: export_figures(path, programme, limit),
        cancellations=replay.report.figures,
    )
