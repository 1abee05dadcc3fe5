"""The generated client, sending an authorization with every call as the hand-written ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from grpc import StreamStreamClientInterceptor as StreamStream
from grpc import UnaryStreamClientInterceptor as UnaryStream
from grpc import UnaryUnaryClientInterceptor as UnaryUnary


class _Details(NamedTuple):
    """grpc.ClientCallDetails has no constructor."""

    method: str
    timeout: float | None
    metadata: list[tuple[str, str]]
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class _Authorization(UnaryUnary, UnaryStream, StreamStream):  # type: ignore[misc]  # grpc comes without types
    def __init__(self, authorization: str) -> None:
        self._authorization = authorization

    def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), ("authorization", self._authorization)]
        rest = (details.credentials, details.wait_for_ready, details.compression)
        return continuation(_Details(details.method, details.timeout, metadata, *rest), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_stream = _call


@contextmanager
def stub_of(address: str, authorization: str | None = "Bearer owner") -> Iterator[FirestoreClient]:
    """The generated client of a server at host:port, in plaintext; None for no authorization at all."""
    channel = grpc.insecure_channel(address)
    if authorization is not None:
        channel = grpc.intercept_channel(channel, _Authorization(authorization))
    with channel:
        yield FirestoreClient(transport=FirestoreGrpcTransport(channel=channel, credentials=AnonymousCredentials()))
