"""What the local Firestore reaches: operations a second with the real client, where their time goes, and memory.

./dev bench firestore [--documents 100000] [--seconds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.aggregation import AggregationQuery
from google.cloud.firestore_v1.base_query import FieldFilter

from emulator.launch import Launched, launched

_THREADS = 8
_COMMIT_DOCUMENTS = 500
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One operation repeated: rate, latencies in milliseconds, and processor time per operation in milliseconds."""

    name: str
    per_second: float
    p50_ms: float
    p95_ms: float
    server_cpu_ms: float
    client_cpu_ms: float


class Server:
    """The measured process, seen from outside."""

    def __init__(self, server: Launched) -> None:
        self._stat = Path(f"/proc/{server.pid}")

    def cpu_seconds(self) -> float:
        # The command name, in brackets, may contain spaces; utime and stime are fields 14 and 15 of the line.
        fields = (self._stat / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def resident_mb(self) -> float:
        return int((self._stat / "statm").read_text().split()[1]) * _PAGE_BYTES / 1e6


def measure(name: str, operation: Callable[[int], object], server: Server, seconds: float, threads: int) -> Measurement:
    """Repeat an operation for some seconds on some threads; it gets a number that is different in every call."""
    operation(0)  # the first of its kind opens connections and makes indexes
    server_before, client_before, began = server.cpu_seconds(), _own_cpu_seconds(), time.perf_counter()

    def repeat(thread: int) -> list[float]:
        latencies: list[float] = []
        while time.perf_counter() - began < seconds:
            start = time.perf_counter()
            operation(thread + len(latencies) * threads)
            latencies.append(time.perf_counter() - start)
        return latencies

    with ThreadPoolExecutor(threads) as pool:
        latencies = sorted(latency for some in pool.map(repeat, range(threads)) for latency in some)
    elapsed, count = time.perf_counter() - began, len(latencies)
    return Measurement(
        name=name if threads == 1 else f"{name}, {threads} threads",
        per_second=round(count / elapsed, 1),
        p50_ms=round(latencies[count // 2] * 1000, 2),
        p95_ms=round(latencies[count * 95 // 100] * 1000, 2),
        server_cpu_ms=round((server.cpu_seconds() - server_before) / count * 1000, 3),
        client_cpu_ms=round((_own_cpu_seconds() - client_before) / count * 1000, 3),
    )


def load(client: firestore.Client, documents: int) -> float:
    """Write that many customers, in commits of 500, and return how many seconds it took."""
    began = time.perf_counter()
    for first in range(0, documents, _COMMIT_DOCUMENTS):
        batch = client.batch()
        for number in range(first, min(first + _COMMIT_DOCUMENTS, documents)):
            batch.set(client.document(f"customers/c{number:07d}"), customer(number))
        batch.commit()
    return time.perf_counter() - began


def run(documents: int, seconds: float) -> dict[str, Any]:
    """All measurements on one fresh server, as a JSON-able report."""
    with _server() as (client, server):
        empty_mb = server.resident_mb()
        load_seconds = load(client, documents)
        loaded_mb = server.resident_mb()
        began = time.perf_counter()
        _lookup(client, documents)(1)
        first_lookup_seconds = time.perf_counter() - began
        measurements = [
            measure(name, operation, server, seconds, threads)
            for name, operation in _operations(client, documents)
            for threads in ((1,) if "query" in name else (1, _THREADS))
        ]
        return {
            "documents": documents,
            "load_per_second": round(documents / load_seconds),
            "empty_mb": round(empty_mb),
            "loaded_mb": round(loaded_mb),
            "with_indexes_mb": round(server.resident_mb()),
            "first_indexed_query_seconds": round(first_lookup_seconds, 2),
            "operations": [asdict(measurement) for measurement in measurements],
        }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench firestore", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="size of the collection that is queried")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each operation is repeated")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    report = run(options.documents, options.seconds)
    print(json.dumps(report, indent=2) if options.json else _table(report))
    return 0


def _operations(client: firestore.Client, documents: int) -> list[tuple[str, Callable[[int], object]]]:
    customers = client.collection("customers")
    return [
        ("get", lambda n: customers.document(f"c{n % documents:07d}").get()),
        ("set", lambda n: client.document(f"bench/{n % 1000}").set(customer(n))),
        ("transaction (get, update)", lambda n: _increment(client.transaction(), client.document(f"counters/{n}"))),
        ("query, two equalities, limit 1", _lookup(client, documents)),
        ("query, 50 newest of one of 10 organisations", lambda n: list(_newest(client, n).stream())),
        ("query, 1,000 documents", lambda n: list(customers.limit(1000).stream())),
        ("query, count of 10,000", lambda n: _count(client, n)),
    ]


def _lookup(client: firestore.Client, documents: int) -> Callable[[int], object]:
    def lookup(number: int) -> object:
        email = FieldFilter("email", "==", f"c{number * 7919 % documents}@example.com")
        organisation = FieldFilter("orgId", "==", f"org{number * 7919 % documents % 10}")
        query = client.collection("customers").where(filter=organisation).where(filter=email).limit(1)
        found = list(query.stream())
        if len(found) != 1:
            raise AssertionError(f"the lookup found {len(found)} documents")
        return found

    return lookup


def _of_organisation(client: firestore.Client, number: int) -> firestore.Query:
    return client.collection("customers").where(filter=FieldFilter("orgId", "==", f"org{number % 10}"))


def _count(client: firestore.Client, number: int) -> object:
    # Wrapped by hand: the query's own count() is typed as if it were the class's method.
    return AggregationQuery(_of_organisation(client, number)).count().get()


def _newest(client: firestore.Client, number: int) -> firestore.Query:
    return _of_organisation(client, number).order_by("visits", direction=firestore.Query.DESCENDING).limit(50)


@firestore.transactional
def _increment(transaction: firestore.Transaction, counter: firestore.DocumentReference) -> None:
    value = counter.get(transaction=transaction).to_dict() or {"n": 0}
    transaction.set(counter, {"n": value["n"] + 1})


def customer(number: int) -> dict[str, Any]:
    """A document like those of a shop, of about 900 bytes as JSON."""
    return {
        "orgId": f"org{number % 10}",
        "email": f"c{number}@example.com",
        "phone": f"+1555{number:07d}",
        "displayName": f"Customer {number}",
        "points": number % 5000,
        "lifetimeSpend": number % 900 / 4,
        "visits": number * 7919 % 100_003,
        "tags": ["flower", "vape", f"t{number % 20}"],
        "segment": "loyal",
        "preferences": {"sms": True, "email": number % 2 == 0, "push": False},
        "addresses": [{"street": f"{number} Main Street", "city": "Springfield", "zip": "12345"}],
        "createdAt": firestore.SERVER_TIMESTAMP,
    }


@contextmanager
def _server() -> Iterator[tuple[firestore.Client, Server]]:
    with launched("firestore") as process:
        os.environ["FIRESTORE_EMULATOR_HOST"] = process.address
        client = firestore.Client(project="bench")
        yield client, Server(process)
        client.close()


def _own_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['documents']:,} documents written at {report['load_per_second']:,} a second",
        f"memory of the server: {report['empty_mb']} MB empty, {report['loaded_mb']} MB loaded, "
        f"{report['with_indexes_mb']} MB with the queries' indexes",
        f"first query of its kind, which makes its index: {report['first_indexed_query_seconds']} s",
        "",
        f"{'operation':<46}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'server CPU ms':>15}{'client CPU ms':>15}",
    ]
    for row in report["operations"]:
        lines.append(
            f"{row['name']:<46}{row['per_second']:>9}{row['p50_ms']:>9}{row['p95_ms']:>9}"
            f"{row['server_cpu_ms']:>15}{row['client_cpu_ms']:>15}"
        )
    return "\n".join(lines)
