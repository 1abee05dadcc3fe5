"""A gRPC channel that sends an authorization with every call, as the clients of the libraries do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
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


def authorized_channel(address: str, authorization: str = "Bearer owner") -> Any:
    """A plaintext channel to host:port; whoever asked for it closes it."""
    return grpc.intercept_channel(grpc.insecure_channel(address), _Authorization(authorization))
