"""Finds code that could reach documents of an org it was not given: Firestore used otherwise than through OrgStore.

Rules:

- Outside `lib/store` nothing of google.cloud.firestore is imported, and no path is built (`collection`, `document`,
  `collection_group`).
- Inside `lib/store` a path begins at an OrgStore: `org.document(...)`, `self._org.customer(...)`. A path that begins at
  a client, also at the handle's own (`org.client`), leaves the org.

Places that must see more than one org are named in `ACROSS_ORGS`, each with its reason.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_PATH_METHODS = frozenset({"collection", "document", "collection_group", "collections", "list_documents"})
_HANDLES = frozenset({"org", "_org"})
_CLIENTS = frozenset({"client", "_client", "database"})

# (file below lib/store, function or "*") -> why it may look beyond one org.
ACROSS_ORGS = {
    ("org.py", "*"): "it is the handle: the paths of one org are made here",
    ("directory.py", "*"): "finds out which org an order belongs to, and answers with nothing but its id",
    ("runs.py", "stalled"): "the sweep finds runs that stand still, of whichever org, by their paths alone",
    ("alpine_pushes.py", "stalled"): "the sweep finds pushes that still wait, of whichever org; each names its own",
    ("vendor_events.py", "overdue"): "the sweep finds events that nobody has worked, of whichever org, by their paths",
    ("due.py", "holds"): "finds holds whose time is over, of whichever org, by their paths and dates alone",
    ("integrations.py", "connected_orgs"): "the nightly sync finds connected orgs by their paths alone",
    ("integrations.py", "unreported"): "the nightly sync finds ended syncs, of whichever org, by their paths alone",
    ("audit.py", "server_time"): "reads the time of a document that does not exist",
    ("audit.py", "org_ids"): "the audit of everything begins with the list of orgs",
    ("audit.py", "_queries_by_other_names"): "orders may name their org by a location, and by other fields than orgId",
    ("audit.py", "accounts"): "customers whose document names no org must not escape the audit",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that reaches around the org's handle."""

    line: int
    function: str
    message: str


def findings(source: str, *, in_store: bool) -> list[Finding]:
    """What this module does around OrgStore, by line."""
    return sorted(_Visitor(in_store).found_in(ast.parse(source)), key=lambda finding: finding.line)


class _Visitor:
    def __init__(self, in_store: bool) -> None:
        self._in_store = in_store

    def found_in(self, node: ast.AST, function: str = "*") -> Iterator[Finding]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and function == "*":
            function = node.name
        for message in self._wrong(node):
            yield Finding(getattr(node, "lineno", 0), function, message)
        for child in ast.iter_child_nodes(node):
            yield from self.found_in(child, function)

    def _wrong(self, node: ast.AST) -> Iterator[str]:
        if not self._in_store and _imports_firestore(node):
            yield "imports Firestore outside lib/store"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PATH_METHODS:
            steps = _steps(node.func.value)
            if not self._in_store:
                yield f"builds a path with .{node.func.attr}() outside lib/store"
            elif not _begins_at_handle(steps):
                yield f"builds a path with .{node.func.attr}() that does not begin at an OrgStore"


def _imports_firestore(node: ast.AST) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    return any(name.startswith(("google.cloud.firestore", "firebase_admin.firestore")) for name in names)


def _steps(node: ast.expr) -> list[str]:
    """The names on the way to what a method is called on, first to last: `org.document("a").x` is org, document, x."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=value, attr=name):
            return [*_steps(value), name]
        case ast.Call(func=ast.Name(id="OrgStore")):
            return ["org"]
        case ast.Call(func=function):
            return _steps(function)
        case _:
            return []


def _begins_at_handle(steps: list[str]) -> bool:
    while steps[:1] in (["self"], ["reader"]):
        steps = steps[1:]
    return bool(steps) and steps[0] in _HANDLES and not _CLIENTS & set(steps)
