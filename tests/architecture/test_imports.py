"""The import table: kept by import-linter, whose contracts are in pyproject.toml, and by what it cannot express."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter as `./dev check` does."""
    executable = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert executable is not None, "import-linter belongs to requirements-dev.txt"
    return subprocess.run(
        [executable, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_table_is_kept(root: Path) -> None:
    kept = lint_imports(root)
    assert kept.returncode == 0, kept.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("functions/points.py", "from lib.store import ledger"),
        ("lib/domain/ledger.py", "import os"),
        ("lib/domain/tiers.py", "from lib.store import settings"),
        ("lib/store/settings.py", "from lib.platform import clock"),
        ("lib/usecases/points.py", "from lib.usecases import menu"),
        ("lib/usecases/menu.py", "from functions import edge"),
        ("lib/vendors/http.py", "from lib.platform import clock"),
        ("lib/vendors/alleaves/client.py", "from lib.vendors.alpine_iq import wire"),
        ("emulator/clock_of_tests.py", "from lib.domain import ids"),
    ],
)
def test_a_forbidden_import_is_noticed(root: Path, tmp_path: Path, module: str, line: str) -> None:
    for name in ("functions", "lib", "emulator", "cli"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as source:
        source.write(f"\n{line}\n")
    broken = lint_imports(tmp_path)
    assert (broken.returncode, "BROKEN" in broken.stdout) == (1, True), broken.stdout


def test_functions_know_their_edge_and_not_each_other(root: Path) -> None:
    allowed = {"functions.edge"}
    for path in (root / "functions").glob("*.py"):
        imported = {
            node.module if node.module != "functions" else f"functions.{alias.name}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "functions"
            for alias in node.names
        }
        # A second way to all schedules has to know them; see functions/cron.py.
        assert imported <= allowed or path.name == "cron.py", path.name
