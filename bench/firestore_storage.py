"""What it costs the local Firestore to keep its data: commits with and without a data directory, restarts, data sets.

./dev bench firestore_storage [--documents 100000] [--seconds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from google.cloud import firestore

from bench.firestore import Server, customer, load, measure
from emulator.launch import launched

_THREADS = (1, 8)
_EXPORT_SECONDS = 600


def run(documents: int, seconds: float) -> dict[str, Any]:
    """All measurements, as a JSON-able report."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data, data_set = Path(folder) / "data", Path(folder) / "set"
        report: dict[str, Any] = {
            "commits_in_memory": _commits(seconds),
            "commits_with_data_dir": _commits(seconds, "--data-dir", str(Path(folder) / "commits")),
            "empty_start_seconds": _start(),
        }
        with _server("--data-dir", str(data)) as (client, _):
            load(client, documents)
        report |= {
            "documents": documents,
            "data_dir_bytes": sum(path.stat().st_size for path in data.iterdir()),
            "start_with_data_dir_seconds": _start("--data-dir", str(data)),
        }
        began = time.perf_counter()
        with _server("--data-dir", str(data), "--export-on-exit", str(data_set)):
            began = time.perf_counter()
        report["export_seconds"] = round(time.perf_counter() - began, 2)
        report["data_set_bytes"] = sum(path.stat().st_size for path in data_set.rglob("*") if path.is_file())
        report["start_with_import_seconds"] = _start("--import", str(data_set))
        return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench firestore_storage", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="how many there are when it is restarted")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long commits are repeated")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    report = run(options.documents, options.seconds)
    print(json.dumps(report, indent=2) if options.json else _table(report))
    return 0


def _commits(seconds: float, *arguments: str) -> list[dict[str, Any]]:
    with _server(*arguments) as (client, server):

        def write(number: int) -> object:
            return client.document(f"bench/{number % 1000}").set(customer(number))

        return [asdict(measure("set", write, server, seconds, threads)) for threads in _THREADS]


def _start(*arguments: str) -> float:
    """Seconds from nothing to a served answer, all imports included."""
    began = time.perf_counter()
    with _server(*arguments):
        return round(time.perf_counter() - began, 2)


@contextmanager
def _server(*arguments: str) -> Iterator[tuple[firestore.Client, Server]]:
    with launched("firestore", *arguments, patience_seconds=_EXPORT_SECONDS) as process:
        os.environ["FIRESTORE_EMULATOR_HOST"] = process.address
        client = firestore.Client(project="bench")
        yield client, Server(process)
        client.close()


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'commits of one document':<34}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'server CPU ms':>15}"]
    for kind in ("commits_in_memory", "commits_with_data_dir"):
        for row in report[kind]:
            name = f"{kind.replace('_', ' ')}: {row['name']}"
            lines.append(
                f"{name:<34}{row['per_second']:>9}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['server_cpu_ms']:>15}"
            )
    lines += ["", f"{report['documents']:,} documents"]
    for name in ("data_dir_bytes", "data_set_bytes"):
        lines.append(f"{name.replace('_', ' '):<34}{report[name] / 1e6:>9.1f} MB")
    for name in ("empty_start", "start_with_data_dir", "start_with_import", "export"):
        lines.append(f"{name.replace('_', ' '):<34}{report[name + '_seconds']:>9} s")
    return "\n".join(lines)
