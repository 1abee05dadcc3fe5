"""The audit of messages: each by itself, with its reader's consent, and with its campaign's choice of its reader."""

from lib.domain.invariants.messages import (
    MESSAGE_SHAPE,
    check_consent,
    check_message,
    check_recipient,
    consent_of,
    recipient_of,
)
from lib.domain.invariants.report import Findings
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page

_OBJECTED = ("marketingWithdrawnAt", "allWithdrawnAt", "complainedAt")


class MessageAudit:
    """Checks one page of an org's messages at a time; safe for several threads."""

    def __init__(self, reader: AuditReader) -> None:
        self._reader = reader
        self._org_id = reader.org.org_id

    def check(self, page: Page) -> Findings:
        """What is wrong with these messages. Those that the dashboard has sent itself have no state and are its own."""
        findings = Findings()
        ours = [message for message in page if "state" in message.fields]
        sound = findings.well_formed("messages", ours, MESSAGE_SHAPE)
        for message in sound:
            findings.found(check_message(self._org_id, message, self._reader.at))
        self._check_consents(sound, findings)
        self._check_recipients(sound, findings)
        return findings

    def _check_consents(self, messages: list[Document], findings: Findings) -> None:
        """One read a reader; their log is read where they have ever objected."""
        handed_over = [(message, log) for message in messages if (log := consent_of(self._org_id, message))]
        logs = self._reader.documents("consents", {log for _, log in handed_over})
        for message, log in handed_over:
            state = logs.get(log)
            if state and any(state.fields.get(name) for name in _OBJECTED):
                events = [event for part in self._reader.consent_events(log) for event in part]
                findings.found(check_consent(message, events))

    def _check_recipients(self, messages: list[Document], findings: Findings) -> None:
        """One read a message of a campaign of late."""
        sent = [(message, named) for message in messages if (named := recipient_of(message, self._reader.at))]
        found = self._reader.recipients({named for _, named in sent})
        for message, (_, recipient_id) in sent:
            findings.found(check_recipient(message, found.get(recipient_id)))
