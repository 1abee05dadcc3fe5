"""The changes of changes.py, one by one: those that are meant to be, and the attacks, all denied."""

import pytest

from tests.rules.asking import ask
from tests.rules.changes import ATTACKS, EDITS, Change


@pytest.mark.parametrize("change", EDITS, ids=str)
def test_a_change_is_let_through_only_if_it_is_meant_to_be(change: Change) -> None:
    decision = ask(change.operation, change.path, change.person, change.fields, documents=change.documents)
    assert decision.allowed is change.allowed, decision.trace()


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_denied(attack: Change) -> None:
    assert not attack.allowed
    decision = ask(attack.operation, attack.path, attack.person, attack.fields, documents=attack.documents)
    assert not decision.allowed, decision.trace()
    assert decision.limit is None
