"""Files that are either there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"
"""Ending of a file that is being written; one found later was given up and may be deleted."""


class StorageError(Exception):
    """A data directory or data set that cannot be used, said in words for whoever named it on the command line."""


def make_directory(path: Path) -> None:
    """Make a directory with those above it, so that it is still there after a power cut; it may exist already."""
    try:
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            sync_directory(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be made: {error.strerror}") from error


def sync_directory(path: Path) -> None:
    """Bring the names in a directory to disk: files created, renamed and deleted there."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes its name, and the place of one before it, once it is complete and on disk."""
    partial = path.with_name(path.name + PARTIAL)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
