"""The one place that makes Firestore clients: lazily, one per project, database and host, shared by all threads."""

import os
import threading

from google.cloud import firestore

_DEFAULT_DATABASE = "(default)"
_clients: dict[tuple[str | None, str, str | None], firestore.Client] = {}
_lock = threading.Lock()


def database() -> firestore.Client:
    """The client of the current project (GOOGLE_CLOUD_PROJECT) and database (FIRESTORE_DATABASE, else the default).

    Made on first use: a cold start pays for a channel only when it needs one. FIRESTORE_EMULATOR_HOST sends it to a
    local Firestore. The environment is read at every call, so one process can serve several projects.
    """
    key = (
        os.environ.get("GOOGLE_CLOUD_PROJECT"),
        os.environ.get("FIRESTORE_DATABASE", _DEFAULT_DATABASE),
        os.environ.get("FIRESTORE_EMULATOR_HOST"),
    )
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key) or firestore.Client(project=key[0], database=key[1])
            _clients[key] = client
    return client
