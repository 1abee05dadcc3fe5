"""Who sent a request, as the request's metadata says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request. `authorization` is the header as sent ("Bearer owner"), None without one."""

    authorization: str | None

    @classmethod
    def from_metadata(cls, metadata: Iterable[tuple[str, str | bytes]] | None) -> Caller:
        """The caller of a gRPC request or, header names being lower-case in both, of an HTTP one."""
        for name, value in metadata or ():
            if name == "authorization" and isinstance(value, str):
                return cls(value)
        return cls(None)
