"""Automations: two schedules that find occasions, and the trigger that keeps what customers are found by."""

from functions import edge
from functions.edge import DocumentChange
from lib.usecases import automations, runs, sending


@edge.on_schedule("2 * * * *")
def start_automations() -> None:
    """Looks for birthdays, anniversaries, newcomers and those long absent, of the orgs whose hour it is."""
    for org_id, job, key, params in automations.due():
        runs.start(org_id, job, key, params, automations.ACTOR)


@edge.on_schedule("*/5 * * * *")
def hear_notices() -> None:
    """Tells customers of what has become of their points, tier or segment."""
    automations.hear(sending.enqueue)


@edge.on_document_written("customers/{customerId}")
def on_customer_written(change: DocumentChange) -> None:
    """Keeps the days by which a customer is found, whoever writes a birth date."""
    automations.note(change.params["customerId"], change.before, change.after)
