"""What tests and tools ask of running sandboxes: seed them, let them fail, see what was asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests

_TIMEOUT_SECONDS = 60


class SandboxClient:
    """The control of one vendor's sandbox at host:port."""

    def __init__(self, address: str, vendor: str) -> None:
        self.base_url = f"http://{address}/{vendor}"
        self._control = f"http://{address}/sandbox/{vendor}"
        self._session = requests.Session()

    def close(self) -> None:
        self._session.close()

    def reset(self) -> None:
        """Forget state, counts and faults."""
        self._session.delete(self._control, timeout=_TIMEOUT_SECONDS).raise_for_status()

    def fail(self, kind: str, **fault: Any) -> None:
        """Let requests fail (`emulator.vendors.faults`): `fail("status", status=429, retryAfter=1, times=2)`."""
        self.ask("POST", "/faults", {"kind": kind, **fault})

    def heal(self) -> None:
        """Forget all faults and let go of what hangs."""
        self.ask("DELETE", "/faults")

    def requests(self) -> dict[str, Any]:
        """Requests since the last reset: `total`, `byRoute`, and the `recent` ones."""
        told: dict[str, Any] = self.ask("GET", "/requests")
        return told

    def put_account(self, account: str, **settings: Any) -> None:
        self.ask("PUT", f"/accounts/{quote(account, safe='')}", settings)

    def account(self, account: str) -> dict[str, Any]:
        """All that an account remembers."""
        told: dict[str, Any] = self.ask("GET", f"/accounts/{quote(account, safe='')}")
        return told

    def put(self, account: str, kind: str, records: Sequence[dict[str, Any]]) -> None:
        """Add records, or change fields of known ones: contacts, customers, orders."""
        self.ask("POST", f"/accounts/{quote(account, safe='')}/{kind}", {kind: list(records)})

    def inbox(self, to: str | None = None) -> list[dict[str, Any]]:
        """What this vendor has delivered to people, oldest first; only to one of them if `to` is given."""
        told: list[dict[str, Any]] = self.ask("GET", f"/inbox?to={quote(to, safe='')}" if to else "/inbox")
        return told

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Any other control address; the answer's JSON. Raises requests.HTTPError."""
        answer = self._session.request(method, f"{self._control}{path}", json=body, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None
