"""`./dev bench [NAME|all]`: measures, and prints the README's table; `--help` lists the names."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import TypeAlias

from bench import (
    audit,
    due,
    firestore,
    firestore_storage,
    imports,
    messages,
    migrate,
    orders,
    redemptions,
    runs,
    sweep,
    sync,
    vendors,
)
from bench.budgets import Row, as_json, markdown

Bench: TypeAlias = "Callable[[], list[Row]]"

_BENCHES: dict[str, Bench] = {
    "orders": orders.run,
    "redemptions": redemptions.run,
    "audit": audit.run,
    "sweep": sweep.run,
    "due": due.run,
    "runs": runs.run,
    "vendors": vendors.run,
    "messages": messages.run,
    "sync": sync.run,
    "imports": imports.run,
    "migrate": migrate.run,
}


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["firestore"]:
        return firestore.main(given[1:])
    if given[:1] == ["firestore_storage"]:
        return firestore_storage.main(given[1:])
    if given[:1] == ["runs"]:
        return runs.main(given[1:])
    if given[:1] == ["sync"]:
        return sync.main(given[1:])
    if given[:1] == ["messages"]:
        return messages.main(given[1:])
    options = _parse(given)
    names = list(_BENCHES) if options.what == "all" else [options.what]
    rows = [row for name in names for row in _BENCHES[name]()]
    print(json.dumps(as_json(rows), indent=2) if options.json else markdown(rows))
    return firestore.main(["--json"] if options.json else []) if options.what == "all" else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*_BENCHES, "firestore", "firestore_storage", "all"])
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
