"""Two things that the client library does at length and a simulation does a million times, done briefly."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import grpc
from google.cloud.firestore_v1 import base_document
from grpc.experimental import ChannelOptions


@contextmanager
def thrift() -> Iterator[None]:
    """Within, answers that come in parts do not each get a thread, and documents are copied as the plain values that
    they are. A quarter of this side's processor time; what is sent, received and given to the product is the same.
    """
    connect = grpc.insecure_channel

    def connect_without_threads(target: str, options: Any = None, compression: Any = None) -> grpc.Channel:
        return connect(target, [*(options or ()), (ChannelOptions.SingleThreadedUnaryStream, 1)], compression)

    with (
        patch.object(grpc, "insecure_channel", connect_without_threads),
        patch.object(base_document, "copy", SimpleNamespace(deepcopy=_copy)),
    ):
        yield


def _copy(value: Any) -> Any:
    """Maps and arrays anew, all the way down; nothing else that a document holds can be changed."""
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value
