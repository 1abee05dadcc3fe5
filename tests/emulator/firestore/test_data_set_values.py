"""Typed values as JSON: nothing is lost, and it is the JSON that protobuf's own json_format reads and writes."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

from google.protobuf import json_format
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.firestore.persistence.document_lines import Times, line_of, parse_line
from emulator.firestore.persistence.json_values import fields_to_json, read_fields
from emulator.firestore.store import Version
from emulator.firestore.wire import Document
from tests.emulator.firestore.kept import SHOP

NOW = 1_800_000_000_000_000

_text = st.text(max_size=8)
# One NaN, as Firestore has it, of the many that eight bytes can hold.
_double = st.floats(allow_nan=False) | st.just(math.nan)
_seconds = st.integers(-62135596800, 253402300799)
_scalar = st.one_of(
    st.just({"null_value": 0}),
    st.builds(lambda value: {"boolean_value": value}, st.booleans()),
    st.builds(lambda value: {"integer_value": value}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: {"double_value": value}, _double),
    st.builds(lambda value: {"string_value": value}, _text),
    st.builds(lambda value: {"bytes_value": value}, st.binary(max_size=8)),
    st.builds(lambda value: {"reference_value": f"{SHOP.root}/a/{value}"}, _text),
    st.builds(lambda s, n: {"timestamp_value": {"seconds": s, "nanos": n}}, _seconds, st.integers(0, 999_999_999)),
    st.builds(lambda s, n: {"timestamp_value": {"seconds": s, "nanos": n * 1000}}, _seconds, st.integers(0, 999_999)),
    st.builds(lambda x, y: {"geo_point_value": {"latitude": x, "longitude": y}}, _double, _double),
)
_name = st.text(min_size=1, max_size=5).filter(lambda name: not name.startswith("__"))
_value = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        # No array is right inside another one.
        st.builds(
            lambda values: {"array_value": {"values": [value for value in values if "array_value" not in value]}},
            st.lists(inner, max_size=4),
        ),
        st.builds(lambda fields: {"map_value": {"fields": fields}}, st.dictionaries(_name, inner, max_size=4)),
    ),
    max_leaves=12,
)
_documents = st.builds(lambda fields: Document(fields=fields), st.dictionaries(_name, _value, max_size=5))


def same(one: Document, other: Document) -> bool:
    # Compared as bytes: NaN equals itself, and 0.0 differs from -0.0.
    return bool(one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True))


@settings(max_examples=150, deadline=None)
@given(_documents, st.integers(0, NOW), st.integers(0, NOW))
@example(Document(fields={"z": {"double_value": -0.0}, "e": {"map_value": {}}, "a": {"array_value": {}}}), 1, 2)
def test_a_document_makes_the_round_trip(document: Document, one: int, other: int) -> None:
    created, updated = min(one, other), max(one, other)
    version = Version(updated, created, document.SerializeToString(), None)
    line = line_of("a/b", version)
    assert line.count(b"\n") == 1
    path, data, times = parse_line(line, SHOP, Times(NOW, NOW))
    assert (path, times) == ("a/b", Times(created, updated))
    read = Document.FromString(data)
    assert read.name == f"{SHOP.root}/a/b"
    assert same(Document(fields=read.fields), document)
    assert line_of(path, Version(updated, created, data, None)) == line


@settings(max_examples=150, deadline=None)
@given(_documents)
def test_json_format_reads_what_is_written_and_writes_what_is_read(document: Document) -> None:
    ours: dict[str, Any] = {"fields": json.loads(json.dumps(fields_to_json(document.fields)))}
    assert same(json_format.ParseDict(ours, Document()), document)
    theirs = json.loads(json_format.MessageToJson(document))
    read = Document()
    read_fields(read.fields, theirs.get("fields", {}))
    assert same(read, document)


def test_what_people_write_is_understood() -> None:
    read = Document()
    written = {
        "integer": {"integerValue": 7},
        "double": {"doubleValue": 7},
        "bytes": {"bytesValue": "-_8"},
        "null": {"nullValue": "NULL_VALUE"},
        "place": {"geoPointValue": {"longitude": 3.5}},
        "time": {"timestampValue": "2026-01-02T03:04:05+01:00"},
        "nanoseconds": {"timestampValue": "2026-01-02T03:04:05.123456789Z"},
        "list": {"arrayValue": {}},
        "map": {"mapValue": {}},
    }
    read_fields(read.fields, written)
    assert read.fields["integer"].integer_value == read.fields["double"].double_value == 7
    assert read.fields["bytes"].bytes_value == b"\xfb\xff"
    assert read.fields["null"].HasField("null_value")
    assert (read.fields["place"].geo_point_value.latitude, read.fields["place"].geo_point_value.longitude) == (0, 3.5)
    time = read.fields["time"].timestamp_value.ToDatetime(datetime.UTC)
    assert time == datetime.datetime(2026, 1, 2, 2, 4, 5, tzinfo=datetime.UTC)
    assert read.fields["nanoseconds"].timestamp_value.nanos == 123456789
    assert read.fields["list"].HasField("array_value") and read.fields["map"].HasField("map_value")
