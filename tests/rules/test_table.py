"""Every cell of the table, for everybody in its column, decided by firestore.rules."""

import pytest

from tests.rules.asking import ask, query_of
from tests.rules.shop import fields_of
from tests.rules.table import ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_rules_say_what_the_table_says(row: Row) -> None:
    wrong = []
    for operation, column, person, allowed in row.cases():
        query = query_of(row.path.rpartition("/")[0], row.where) if operation == "list" else None
        decision = ask(operation, row.path, person, fields_of(row.writes, person), query=query)
        if decision.allowed is not allowed:
            wrong.append(f"{operation} by {column} {person}: {decision.trace()}")
    assert not wrong, "\n".join(wrong[:5])
