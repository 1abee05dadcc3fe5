"""The messages of a Listen stream.

Only a NO_CHANGE without target ids and with a read time tells clients that what they have been sent is consistent.
"""

from __future__ import annotations

from enum import IntEnum

from emulator.firestore.clock import timestamp
from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.wire import Document, Message, request_type

_ListenResponse = request_type("ListenResponse")
_TOKEN_BYTES = 8


class TargetState(IntEnum):
    """TargetChange.TargetChangeType."""

    NO_CHANGE = 0
    ADD = 1
    REMOVE = 2
    CURRENT = 3
    RESET = 4


def target_change(state: TargetState, target_id: int, time: int | None = None) -> Message:
    """News of one target; with a time (microseconds UTC) also a token to resume from."""
    response = _ListenResponse()
    response.target_change.target_change_type = state
    response.target_change.target_ids.append(target_id)
    if time is not None:
        _stamp(response, time)
    return response


def refusal(target_id: int, error: FirestoreError) -> Message:
    """The target is removed because of an error; the stream goes on."""
    response = target_change(TargetState.REMOVE, target_id)
    response.target_change.cause.code = error.number
    response.target_change.cause.message = error.message
    return response


def snapshot(time: int) -> Message:
    """All targets are as of this time (microseconds UTC)."""
    response = _ListenResponse()
    response.target_change.target_change_type = TargetState.NO_CHANGE
    _stamp(response, time)
    return response


def document_change(target_id: int, document: Document) -> Message:
    response = _ListenResponse()
    response.document_change.document.CopyFrom(document)
    response.document_change.target_ids.append(target_id)
    return response


def document_left(target_id: int, document: Document) -> Message:
    """The document no longer belongs to the target, and this is what it has become."""
    response = _ListenResponse()
    response.document_change.document.CopyFrom(document)
    response.document_change.removed_target_ids.append(target_id)
    return response


def document_remove(target_id: int, name: str, time: int) -> Message:
    """The document no longer belongs to the target, and no more may be told of it."""
    response = _ListenResponse()
    response.document_remove.document = name
    response.document_remove.removed_target_ids.append(target_id)
    response.document_remove.read_time.CopyFrom(timestamp(time))
    return response


def document_delete(target_id: int, name: str, time: int) -> Message:
    response = _ListenResponse()
    response.document_delete.document = name
    response.document_delete.removed_target_ids.append(target_id)
    response.document_delete.read_time.CopyFrom(timestamp(time))
    return response


def existence_filter(target_id: int, count: int) -> Message:
    """How many documents the target has: a client that counts differently forgets them and asks anew."""
    response = _ListenResponse()
    response.filter.target_id = target_id
    response.filter.count = count
    return response


def resume_time(token: bytes) -> int:
    """The time (microseconds UTC) a resume token stands for; raises INVALID_ARGUMENT when it is none of ours."""
    if len(token) != _TOKEN_BYTES:
        raise invalid_argument("Invalid resume token.")
    return int.from_bytes(token, "big")


def _stamp(response: Message, time: int) -> None:
    response.target_change.read_time.CopyFrom(timestamp(time))
    response.target_change.resume_token = time.to_bytes(_TOKEN_BYTES, "big")
