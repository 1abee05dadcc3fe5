"""The table and the changes exercise all of firestore.rules: every expression evaluated, every condition both ways."""

from emulator.firestore.rules import parse
from tests.rules.asking import SOURCE, ask, query_of
from tests.rules.changes import CHANGES
from tests.rules.shop import fields_of
from tests.rules.table import ROWS


def test_every_expression_has_been_true_and_false() -> None:
    rules = parse(SOURCE.read_text())
    for row in ROWS:
        for operation, _column, person, _allowed in row.cases():
            query = query_of(row.path.rpartition("/")[0], row.where) if operation == "list" else None
            ask(operation, row.path, person, fields_of(row.writes, person), query=query, rules=rules)
    for change in CHANGES:
        ask(change.operation, change.path, change.person, change.fields, documents=change.documents, rules=rules)
    assert [str(gap) for gap in rules.coverage.gaps()] == []
