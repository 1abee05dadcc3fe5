"""Which files the Firebase CLI uploads as the functions' source, as firebase.json's ignore list decides."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

_NAME_PATTERN = re.compile(r"[\w.*-]+")


class UnsupportedPattern(ValueError):
    """A pattern of the ignore list is more than a file name with asterisks."""


def firebase_config(root: Path) -> dict[str, Any]:
    """The contents of firebase.json."""
    config: dict[str, Any] = json.loads((root / "firebase.json").read_text())
    return config


def uploaded_files(root: Path) -> list[Path]:
    """Files below `root` that `firebase deploy --only functions` uploads, relative to it, sorted.

    The CLI matches every file's and folder's path with minimatch's `matchBase` and `dot`: a pattern without a slash
    then means a name at any depth, hidden or not. Raises UnsupportedPattern for a pattern of any other form.
    """
    (functions,) = firebase_config(root)["functions"]
    source = root / functions["source"]
    return sorted(_remaining(source, Path(), _checked(functions["ignore"])))


def _checked(patterns: Sequence[str]) -> Sequence[str]:
    for pattern in patterns:
        if not _NAME_PATTERN.fullmatch(pattern):
            raise UnsupportedPattern(f"firebase.json ignores {pattern!r}, which is not a name with asterisks")
    return patterns


def _remaining(source: Path, folder: Path, patterns: Sequence[str]) -> list[Path]:
    files = []
    with os.scandir(source / folder) as entries:
        for entry in entries:
            if any(fnmatchcase(entry.name, pattern) for pattern in patterns):
                continue
            path = folder / entry.name
            files += _remaining(source, path, patterns) if entry.is_dir() else [path]
    return files
