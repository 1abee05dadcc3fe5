"""Firestore's order of values as bytes: comparing two encodings compares the values, whatever their types.

Order of types: null, booleans, NaN, numbers, timestamps, strings, bytes, references, geographical points, arrays,
vectors, maps (https://firebase.google.com/docs/firestore/manage-data/data-types). Equal values (1 and 1.0, 0.0 and
-0.0) have equal encodings. Encodings are prefix-free, so several can be joined into one key and a descending component
is the bitwise complement of an ascending one. No encoding nor its complement begins with 0x00 or 0xFF, which makes
`key + 0xFF` a bound above everything that begins with `key`.
"""

from __future__ import annotations

import math
import re
import struct

from emulator.firestore.wire import Fields, Value

NULL, BOOLEAN, NAN, NUMBER, TIMESTAMP, STRING = 0x10, 0x18, 0x20, 0x28, 0x30, 0x38
BYTES, REFERENCE, GEO_POINT, ARRAY, VECTOR, MAP = 0x40, 0x48, 0x50, 0x58, 0x60, 0x68

ABOVE = b"\xff"
"""Appended to an encoding: above every key that begins with that encoding."""

_END = b"\x00"
_NAME_END, _NUMERIC_ID, _STRING_ID = b"\x01", b"\x02", b"\x03"
_NUMERIC_ID_PATTERN = re.compile(r"__id(-?\d{1,19})__")
_COMPLEMENT = bytes(255 - i for i in range(256))

_NULL_KEY = bytes([NULL])
_FALSE_KEY, _TRUE_KEY = bytes([BOOLEAN, 0]), bytes([BOOLEAN, 1])
_NAN_KEY = bytes([NAN])
_STRING_TAG, _BYTES_TAG, _REFERENCE_TAG = bytes([STRING]), bytes([BYTES]), bytes([REFERENCE])
_ARRAY_TAG, _MAP_TAG = bytes([ARRAY]), bytes([MAP])
_pack_number = struct.Struct(">BQH").pack
_pack_timestamp = struct.Struct(">BQI").pack
_pack_vector = struct.Struct(">BI").pack
_pack_double = struct.Struct(">d").pack
_unpack_bits = struct.Struct(">Q").unpack
_pack_bits = struct.Struct(">Q").pack
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def encode(value: Value) -> bytes:
    """The order-preserving encoding of a value; its first byte is the type's rank."""
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return _STRING_TAG + _text(value.string_value)
    if kind == "integer_value":
        return _number(value.integer_value)
    if kind == "boolean_value":
        return _TRUE_KEY if value.boolean_value else _FALSE_KEY
    if kind == "double_value":
        return _NAN_KEY if math.isnan(value.double_value) else _number(value.double_value)
    if kind == "timestamp_value":
        timestamp = value.timestamp_value
        return _pack_timestamp(TIMESTAMP, timestamp.seconds + _SIGN, timestamp.nanos)
    if kind == "map_value":
        return _map(value.map_value.fields)
    if kind == "array_value":
        return _ARRAY_TAG + b"".join(map(encode, value.array_value.values)) + _END
    if kind == "null_value" or kind is None:
        return _NULL_KEY
    if kind == "reference_value":
        return _REFERENCE_TAG + encode_name(value.reference_value)
    if kind == "bytes_value":
        return _BYTES_TAG + _escape(value.bytes_value)
    if kind == "geo_point_value":
        point = value.geo_point_value
        return bytes([GEO_POINT]) + _double(point.latitude) + _double(point.longitude)
    raise ValueError(f"not a storable value: {kind}")


def encode_name(path: str) -> bytes:
    """The order of documents: segment by segment, ids of the form `__id7__` by number and before all others."""
    return b"".join(map(_segment, path.split("/"))) + _NAME_END


def descending(key: bytes) -> bytes:
    """The encoding in the opposite order."""
    return key.translate(_COMPLEMENT)


def is_null_or_nan(key: bytes) -> bool:
    return key[0] in (NULL, NAN)


def is_vector(fields: Fields) -> bool:
    """Whether a map is how clients send a vector: `{"__type__": "__vector__", "value": [doubles]}`."""
    marker = fields.get("__type__")
    return marker is not None and marker.string_value == "__vector__" and "value" in fields


def _number(number: float) -> bytes:
    # An int64 that no double equals shares the double nearest to it with others: the remainder tells them apart.
    nearest = float(number) + 0.0
    remainder = int(number) - int(nearest) if isinstance(number, int) else 0
    return _pack_number(NUMBER, _ordered_bits(nearest), remainder + 0x8000)


def _ordered_bits(number: float) -> int:
    (bits,) = _unpack_bits(_pack_double(number))
    return int(bits ^ _ALL if bits & _SIGN else bits | _SIGN)


def _double(number: float) -> bytes:
    return _pack_bits(_ordered_bits(number + 0.0))


def _map(fields: Fields) -> bytes:
    if is_vector(fields):
        values = fields["value"].array_value.values
        return _pack_vector(VECTOR, len(values)) + b"".join(map(encode, values))
    entries = [_STRING_TAG + _text(key) + encode(fields[key]) for key in sorted(fields)]
    return _MAP_TAG + b"".join(entries) + _END


def _segment(segment: str) -> bytes:
    numeric = _NUMERIC_ID_PATTERN.fullmatch(segment)
    if numeric is not None and -_SIGN <= int(numeric[1]) < _SIGN:
        return _NUMERIC_ID + _pack_bits(int(numeric[1]) + _SIGN)
    return _STRING_ID + _text(segment)


def _text(text: str) -> bytes:
    return _escape(text.encode())


def _escape(data: bytes) -> bytes:
    # The end mark sorts below every continuation, so "a" comes before "ab" and before "a\x00".
    if b"\x00" in data:
        data = data.replace(b"\x00", b"\x00\xff")
    return data + b"\x00\x01"
