"""The audit of runs: each with all of its shards."""

from lib.domain.invariants.report import Findings
from lib.domain.invariants.runs import RUN_SHAPE, SHARD_SHAPE, RunReader
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page


class RunAudit:
    """Checks one page of an org's runs at a time; safe for several threads."""

    def __init__(self, reader: AuditReader) -> None:
        self._reader = reader

    def check(self, page: Page) -> Findings:
        """What is wrong with these runs and their shards. Figures of a run are not compared with misshapen shards."""
        findings = Findings()
        for run in findings.well_formed("runs", page, RUN_SHAPE):
            self._check_run(run, findings)
        return findings

    def _check_run(self, run: Document, findings: Findings) -> None:
        reader, is_whole = RunReader(run), True
        for shards in self._reader.shards(run.id):
            sound = findings.well_formed("shards", shards, SHARD_SHAPE)
            is_whole = is_whole and len(sound) == len(shards)
            for shard in sound:
                findings.found(reader.read(shard))
        if is_whole:
            findings.found(reader.close())
