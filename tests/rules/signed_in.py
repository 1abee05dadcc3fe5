"""The Python client with a user's ID token in place of the emulator's admin credential."""

from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, Client

from emulator.tokens import id_token
from tests.rules.shop import NOW, Fields, Person

_AUTHORIZATION = "authorization"


class SignedInClient(Client):
    """A Firestore client of a person, None of nobody."""

    def __init__(self, project: str, person: Person) -> None:
        super().__init__(project=project)
        self._person = person

    @property
    def _rpc_metadata(self) -> list[tuple[str, str]]:
        metadata = [(name, value) for name, value in super()._rpc_metadata if name != _AUTHORIZATION]
        if self._person is not None:
            uid, claims = self._person
            metadata.append((_AUTHORIZATION, f"Bearer {id_token(self.project, uid, claims)}"))
        return metadata


def stored(fields: Fields) -> dict[str, Any]:
    """Fields as the client writes them."""
    return {name: SERVER_TIMESTAMP if value == NOW else value for name, value in fields.items()}
