"""The protobuf message classes the emulator speaks, taken from google-cloud-firestore without its proto-plus wrappers.

proto-plus converts every nested value on access, which costs more than the emulator's own work; the raw classes below
are the same messages. One trap: proto-plus renames StructuredQuery's field ``from`` to ``from_`` in the raw class too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from google.protobuf import empty_pb2, timestamp_pb2, wrappers_pb2

if TYPE_CHECKING:
    # The classes are built at run time, so a type checker can only take them as opaque.
    Document: TypeAlias = Any
    Value: TypeAlias = Any
    MapValue: TypeAlias = Any
    ArrayValue: TypeAlias = Any
    Fields: TypeAlias = Any
    Timestamp: TypeAlias = Any
    Write: TypeAlias = Any
    WriteResult: TypeAlias = Any
    FieldTransform: TypeAlias = Any
    Precondition: TypeAlias = Any
    DocumentMask: TypeAlias = Any
    StructuredQuery: TypeAlias = Any
    StructuredAggregationQuery: TypeAlias = Any
    AggregationResult: TypeAlias = Any
    TransactionOptions: TypeAlias = Any
    Message: TypeAlias = Any
else:
    from google.cloud.firestore_v1.types import aggregation_result, common, document, query, write
    from google.protobuf.message import Message  # noqa: F401

    Document = document.Document.pb()
    Value = document.Value.pb()
    MapValue = document.MapValue.pb()
    ArrayValue = document.ArrayValue.pb()
    Fields = object
    Timestamp = timestamp_pb2.Timestamp
    Write = write.Write.pb()
    WriteResult = write.WriteResult.pb()
    FieldTransform = write.DocumentTransform.FieldTransform.pb()
    Precondition = common.Precondition.pb()
    DocumentMask = common.DocumentMask.pb()
    StructuredQuery = query.StructuredQuery.pb()
    StructuredAggregationQuery = query.StructuredAggregationQuery.pb()
    AggregationResult = aggregation_result.AggregationResult.pb()
    TransactionOptions = common.TransactionOptions.pb()

Empty: Any = empty_pb2.Empty
Int32Value: Any = wrappers_pb2.Int32Value


def request_type(name: str) -> Any:
    """The raw class of a message of google.firestore.v1 by its name, such as ``CommitRequest``."""
    from google.cloud.firestore_v1.types import firestore

    return getattr(firestore, name).pb()
