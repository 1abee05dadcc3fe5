"""The admin who makes the campaign, by callables."""

from dataclasses import dataclass
from typing import Any

from cli.demo.report import Json
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import UnexpectedAnswer
from emulator.client import StackClient


@dataclass(slots=True)
class Desk:
    """Calls with tokens that are as new as the stack's clock."""

    api: StackClient
    _writes: int = 0

    def call(self, function: str, **data: Any) -> Json:
        """The answer of a call. Raises CallFailed."""
        token = self.api.token(ORG_ID, "dispensary_admin", "demo-admin")
        answer: Json = self.api.call(function, {"orgId": ORG_ID, **data}, token=token)
        return answer

    def do(self, function: str, **data: Any) -> Json:
        """The answer of a call that writes and must succeed. Raises CallFailed and UnexpectedAnswer."""
        self._writes += 1
        answer = self.call(function, idempotencyKey=f"demo-winback-{self._writes}", **data)
        if not answer["ok"]:
            raise UnexpectedAnswer(f"{function}: {answer}")
        return answer
