"""What happens when nobody does anything: schedules that find what is due, and have it done."""

from functions import edge
from lib.usecases import ageing, redemptions, runs


@edge.on_schedule("17 * * * *")
def age_customers() -> None:
    """Releases and expires points, lapses tiers, moves segments and raises notices, for customers to whom it is due."""
    for org_id, key, customer_ids in ageing.batches():
        runs.start(org_id, ageing.JOB, key, {}, ageing.ACTOR, customer_ids)


@edge.on_schedule("*/5 * * * *")
def end_holds() -> None:
    """Gives back the points of holds whose time is over."""
    redemptions.end_due()
