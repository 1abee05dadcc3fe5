"""The one error the emulator raises on purpose: a canonical gRPC status with the message a client will see."""

from __future__ import annotations

import grpc


class FirestoreError(Exception):
    """A request refused with a canonical status, as production would refuse it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def number(self) -> int:
        """The status code as google.rpc.Code numbers it."""
        return int(self.code.value[0])


def invalid_argument(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.FAILED_PRECONDITION, message)


def aborted(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.ABORTED, message)


def unimplemented(message: str) -> FirestoreError:
    return FirestoreError(grpc.StatusCode.UNIMPLEMENTED, message)
