"""The audit of consent: each log with all of its events, also one whose document somebody has deleted."""

from lib.domain.invariants.consents import CONSENT_SHAPE, EVENT_SHAPE, ConsentReader
from lib.domain.invariants.report import Findings
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader


def check_consents(reader: AuditReader, findings: Findings) -> None:
    """Adds what is wrong with the org's logs. One read an event, two a log."""
    for paths in reader.consent_paths():
        documents = reader.documents("consents", [path.rpartition("/")[2] for path in paths])
        for path in paths:
            _check_log(reader, path, documents.get(path.rpartition("/")[2]), findings)


def _check_log(reader: AuditReader, path: str, document: Document | None, findings: Findings) -> None:
    log, is_whole = ConsentReader(reader.org.org_id, path), True
    for page in reader.consent_events(path.rpartition("/")[2]):
        sound = findings.well_formed("consent events", page, EVENT_SHAPE)
        is_whole = is_whole and len(sound) == len(page)
        for event in sound:
            findings.found(log.read(event))
    if document is None:
        findings.found(log.lost())
        return
    for sound_document in findings.well_formed("consents", [document], CONSENT_SHAPE):
        if is_whole:
            findings.found(log.close(sound_document))
