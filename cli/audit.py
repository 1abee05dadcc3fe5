"""`./dev audit`: every invariant of docs/INVARIANTS.md; exit 1 on a violation, 2 when there was nothing to check.

Against FIRESTORE_EMULATOR_HOST, if set; else the real project that GOOGLE_CLOUD_PROJECT names, with the application
default credentials; else the stack that `./dev up` runs on its usual port.
"""

import argparse
import json
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.database import connect
from lib.domain.errors import PerennialError
from lib.domain.invariants.report import AuditReport
from lib.usecases.audit import audit

CLEAN, VIOLATED, NOTHING_CHECKED = 0, 1, 2
_SHOWN_MAX = 100


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    connect(options.ready)
    started = perf_counter()
    try:
        report = audit(options.org, settle=timedelta(seconds=options.settle))
    except PerennialError as error:
        print(error.message, file=sys.stderr)
        return NOTHING_CHECKED
    seconds = perf_counter() - started
    if options.json:
        print(json.dumps(as_json(report, seconds), indent=2))
    else:
        _print(report, seconds)
    if report.violations:
        return VIOLATED
    return CLEAN if report.is_clean else NOTHING_CHECKED


def as_json(report: AuditReport, seconds: float) -> dict[str, Any]:
    """The report as the demo and other tools print it; `seconds` is how long it took."""
    findings = report.findings
    return {
        "clean": report.is_clean,
        "at": report.at.isoformat(),
        "orgs": list(report.org_ids),
        "seconds": round(seconds, 3),
        "documents": report.documents,
        "checked": dict(sorted(findings.checked.items())),
        "leftOut": dict(sorted((+findings.left_out).items())),
        "violationCount": findings.violation_count,
        "violations": [
            {
                "invariant": violation.invariant.value,
                "path": violation.path,
                "expected": violation.expected,
                "found": violation.found,
            }
            for violation in report.violations
        ],
    }


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.add_argument("--org", help="only this org; all of them and what belongs to none by default")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.add_argument("--ready", type=Path, help="the file that `./dev up --ready` wrote: audit that stack")
    parser.add_argument(
        "--settle",
        type=float,
        default=10,
        metavar="SECONDS",
        help="orders written so shortly before may still wait for their events (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _print(report: AuditReport, seconds: float) -> None:
    console, findings = Console(soft_wrap=True), report.findings
    table = Table("checked", "documents", title=f"Audit of {len(report.org_ids)} org(s) as of {report.at:%F %T} UTC")
    for name, count in sorted(findings.checked.items()):
        table.add_row(name, f"{count:,}")
    table.add_row("in all", f"{report.documents:,}", style="bold")
    console.print(table)
    for name, count in sorted((+findings.left_out).items()):
        console.print(f"left out: {count:,} {name}")
    for violation in report.violations[:_SHOWN_MAX]:
        console.print(str(violation), style="red", markup=False)
    for invariant, count in sorted(Counter(violation.invariant.value for violation in report.violations).items()):
        console.print(f"{invariant}: {count:,} violation(s)")
    if findings.violation_count:
        console.print(f"{findings.violation_count:,} violation(s) in {seconds:.1f} s", style="bold red")
    elif report.documents:
        console.print(f"no violation, {seconds:.1f} s", style="bold green")
    else:
        console.print("There was nothing to check.", style="bold yellow")


if __name__ == "__main__":
    sys.exit(main())
