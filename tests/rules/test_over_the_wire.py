"""A part of the table, and every attack, with real tokens against the running local Firestore."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied
from google.cloud.firestore import Client, FieldFilter

from tests.rules.changes import ATTACKS
from tests.rules.shop import COLUMNS, DOCUMENTS, LATER, Fields, Person, fields_of
from tests.rules.signed_in import SignedInClient, stored
from tests.rules.table import OPERATIONS, ROWS, Row

PATHS = (
    *("customers/green_kim", "customers/green_5678", "customers/green_5678/ledger/0000000001", "orders/by_kim"),
    *("tenants/green", "tenants/green/public/menu", "tenants/green/settings/loyalty", "tenants/green/accruals/by_kim"),
    *("tenants/green/redemptions/by_kim", "campaigns/spring/recipients/r", "users/kim", "whatever/else"),
)
As = Callable[[Person], Client]


@pytest.fixture
def as_(firestore: Client, project: str) -> Iterator[As]:
    """`as_(person)` is that person's client; the documents of shop.py are stored."""
    batch = firestore.batch()
    for path, fields in DOCUMENTS.items():
        batch.set(firestore.document(path), fields)
    batch.commit()
    clients: dict[str, Client] = {}
    with ExitStack() as opened:

        def client(person: Person) -> Client:
            key = repr(person)
            if key not in clients:
                clients[key] = SignedInClient(project, person)
                opened.callback(clients[key].close)
            return clients[key]

        yield client


def perform(client: Client, operation: str, path: str, where: str, fields: Fields) -> Any:
    """One request of a client."""
    document = client.document(path)
    if operation == "list":
        query: Any = document.parent
        for part in [] if where == "*" else where.split("&"):
            name, _, value = part.partition("=")
            is_limit = name == "limit"
            query = query.limit(int(value)) if is_limit else query.where(filter=FieldFilter(name, "==", value))
        return query.get()
    if operation in ("get", "delete"):
        return getattr(document, operation)()
    return getattr(document, operation)(stored(fields))


def is_allowed(*request: Any) -> bool:
    try:
        perform(*request)
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize("row", [row for row in ROWS if row.path in PATHS], ids=str)
def test_the_server_says_what_the_table_says(row: Row, as_: As, firestore: Client) -> None:
    document = firestore.document(row.path)
    for column, people in COLUMNS.items():
        person = people[-1]
        for letter, operation in OPERATIONS.items():
            if operation == "create":
                document.delete()
            allowed = is_allowed(as_(person), operation, row.path, row.where, fields_of(row.writes, person))
            assert allowed is (letter in row.allowed[column]), (operation, column, person)
            if operation == "create" or (allowed and operation == "update"):
                document.set(DOCUMENTS[row.path])


def test_every_attack_is_denied(as_: As, firestore: Client) -> None:
    for attack in ATTACKS:
        if LATER in attack.fields.values():
            continue  # stands for a time, which the table's own decision knows
        assert not is_allowed(as_(attack.person), attack.operation, attack.path, "*", attack.fields), attack
    for path, fields in DOCUMENTS.items():
        assert firestore.document(path).get().to_dict() == fields
