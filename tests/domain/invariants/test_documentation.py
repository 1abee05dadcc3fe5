"""docs/INVARIANTS.md and the checks name the same invariants."""

import re
from pathlib import Path

from lib.domain.invariants.violations import Invariant


def test_every_invariant_has_its_line(root: Path) -> None:
    text = (root / "docs" / "INVARIANTS.md").read_text()
    lines = re.findall(r"^\| ([A-Z]\d+) \|", text, flags=re.MULTILINE)
    assert sorted(lines) == sorted(invariant.value for invariant in Invariant)
