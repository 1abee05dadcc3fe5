"""What `firebase deploy` would upload: the product, all of it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.deployment import UnsupportedPattern, firebase_config, uploaded_files


def test_only_the_product_is_uploaded(root: Path) -> None:
    uploaded = uploaded_files(root)
    assert {path.parts[0] for path in uploaded} == {"main.py", "requirements.txt", "functions", "lib"}
    assert {path.suffix for path in uploaded} == {".py", ".txt"}


def test_the_whole_product_is_uploaded(root: Path) -> None:
    modules = {path.relative_to(root) for package in ("functions", "lib") for path in (root / package).rglob("*.py")}
    assert len(modules) > 50
    assert modules <= set(uploaded_files(root))


def test_ignored_names_are_ignored_at_any_depth(tmp_path: Path) -> None:
    config = {"functions": [{"source": ".", "ignore": [".*", "*.log", "docs"]}]}
    (tmp_path / "firebase.json").write_text(json.dumps(config))
    for name in ("main.py", ".env", "a.log", "lib/a.py", "lib/docs/b.py", "lib/.hidden/c.py", "lib/doc", "docs.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    expected = ["docs.py", "firebase.json", "lib/a.py", "lib/doc", "main.py"]
    assert [str(path) for path in uploaded_files(tmp_path)] == expected


@pytest.mark.parametrize("pattern", ["lib/docs", "**/x", "!main.py", "{a,b}", "[ab]", "a?"])
def test_patterns_that_would_need_all_of_minimatch_are_refused(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "firebase.json").write_text(json.dumps({"functions": [{"source": ".", "ignore": [pattern]}]}))
    with pytest.raises(UnsupportedPattern):
        uploaded_files(tmp_path)


def test_the_rules_and_indexes_it_names_are_there(root: Path) -> None:
    named = firebase_config(root)["firestore"]
    assert named.keys() == {"rules", "indexes"}
    for name in named.values():
        assert (root / name).is_file()
