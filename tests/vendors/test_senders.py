"""What an error means for the message that was to be sent, for each that there is."""

import pytest

from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, SwitchedOff, Unavailable, VendorError
from lib.vendors.senders import EmailAddress, EmailMessage, EmailSender, Outcome, SmsMessage, SmsSender, result_of


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("v", "", reason="throttled", retry_after_seconds=7.0), Outcome.RETRY),
        (Unavailable("v", "", reason="circuit_open"), Outcome.RETRY),
        (Unavailable("v", "", reason="unreachable"), Outcome.RETRY),
        (Ambiguous("v", "", reason="timeout"), Outcome.UNKNOWN),
        (Refused("v", "", reason="rejected", status=400, code="E1"), Outcome.REFUSED),
        # Not the message's fault: it may go when the account or the address is mended.
        (Refused("v", "", reason="credentials", status=401), Outcome.RETRY),
        (Refused("v", "", reason="redirected", status=302), Outcome.RETRY),
        (SwitchedOff("v", "", reason="missing_api_key"), Outcome.RETRY),
        (NotFound("v"), Outcome.RETRY),
        (Malformed("v", "", reason="foreign_404"), Outcome.RETRY),
        # Nothing is known, so nothing is repeated.
        (Malformed("v", "", reason="unknown_shape"), Outcome.UNKNOWN),
    ],
)
def test_an_error_is_an_outcome(error: VendorError, outcome: Outcome) -> None:
    result = result_of(error)

    assert (result.outcome, result.reason) == (outcome, error.reason)
    assert result.retry_after_seconds == getattr(error, "retry_after_seconds", None)
    assert result.code == getattr(error, "code", "")


def test_messages_do_not_show_whom_they_are_for() -> None:
    email = EmailMessage("m1", EmailAddress("ana@example.com", "Ana"), "Your points", "<p>Hi Ana</p>")

    for shown in (repr(SmsMessage("+14155552671", "Hi Ana")), repr(email)):
        assert not any(secret in shown for secret in ("Ana", "ana@", "4155552671", "points"))


def test_both_vendors_have_the_shape_that_is_asked_for() -> None:
    """Checked by the type checker; a vendor that loses its method fails here too."""
    from lib.vendors.blackleaf.client import Blackleaf
    from lib.vendors.blackleaf.config import BlackleafConfig
    from lib.vendors.mailjet.client import Mailjet
    from lib.vendors.mailjet.config import MailjetConfig

    sms: SmsSender = Blackleaf(BlackleafConfig("shape"))
    email: EmailSender = Mailjet(MailjetConfig("shape", "s", EmailAddress("a@example.com")))

    assert (sms.name, email.name, email.batch_max) == ("blackleaf", "mailjet", 50)
