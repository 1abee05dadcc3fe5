"""Receipts, `tenants/{org}/receipts/{hash of function and key}`: what a request with an idempotency key was answered.

A receipt is written in the transaction of the effect, so that either both exist or neither. Requests without an effect
leave none: a customer who was refused for too few points may earn some and try again with the same key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lib.domain.answers import Answer
from lib.domain.commands import Command
from lib.domain.errors import FailedPrecondition
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def run_once(command: Command, work: Callable[[Transaction, OrgStore], Answer]) -> Answer:
    """Runs `work` in a transaction, unless this command has been carried out already: then its answer, for one read.

    `work` refuses by an answer whose `ok` is not true. Raises FailedPrecondition with reason `idempotency_key_reused`
    when the key was used with another input, and whatever `transaction.run` raises.
    """
    org = OrgStore(command.org_id)
    receipt = org.document("receipts", command.id_of("receipt"))

    def attempt(transaction: Transaction) -> Answer:
        found = transaction.get([receipt])[0]
        if found.exists:
            return _answered_before(command, found.to_dict() or {})
        answer = work(transaction, org)
        if answer["ok"]:
            transaction.replace(receipt, _encode(command, answer))
        return answer

    return transactions.run(attempt)


def _answered_before(command: Command, fields: Mapping[str, Any]) -> Answer:
    if fields["fingerprint"] != command.fingerprint:
        raise FailedPrecondition("this idempotency key was used for another request", reason="idempotency_key_reused")
    answer: Answer = fields["result"]
    return answer


def _encode(command: Command, answer: Answer) -> dict[str, Any]:
    return {
        "callable": command.function,
        "fingerprint": command.fingerprint,
        "result": answer,
        "createdAt": command.at,
        "actor": {"type": command.actor.type, "id": command.actor.id},
    }
