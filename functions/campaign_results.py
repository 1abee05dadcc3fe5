"""Results of campaigns: the schedule that follows them, and the callable that tells what they have come to."""

from functions import edge
from functions.edge import Call, DocumentId, Input, Json
from lib.domain.access import Action
from lib.usecases import campaign_results as results


class ResultsInput(Input):
    campaign_id: DocumentId


@edge.on_schedule("*/5 * * * *")
def follow_campaigns() -> None:
    """Follows campaigns while they are sent and until their windows have ended, and ends those that are sent."""
    results.follow()


@edge.on_call(Action.CAMPAIGN_RESULTS, ResultsInput)
def campaign_results(call: Call[ResultsInput]) -> Json:
    """What became of the messages, what is claimed, the groups and their difference, and why somebody was skipped."""
    return results.results(call.data.org_id, call.data.campaign_id)
