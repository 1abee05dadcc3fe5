"""Writes as protocol messages: the same as the client library would send, for every value our documents hold."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore import DELETE_FIELD, Client
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.types import Document, Write
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.ledger import EntryKind
from lib.store.writes import Writes, put_value

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.sampled_from(EntryKind)
    | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # made aware here
)
values = st.recursive(scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(texts, part, max_size=3))


@given(st.dictionaries(texts, values, max_size=4))
def test_values_are_encoded_as_the_client_library_does(fields: dict[str, Any]) -> None:
    ours = Document.pb(Document())
    for name, value in fields.items():
        put_value(ours.fields[name], value)
    assert ours == Document.pb(Document(fields=encode_dict(fields)))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", DELETE_FIELD, 2**63])
def test_what_no_document_of_ours_holds_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        put_value(Document.pb(Document()).fields["a"], value)


def test_each_write_says_what_its_document_must_be_like(firestore: Client) -> None:
    reference, batch, writes = firestore.document("things/a"), firestore.batch(), Writes(firestore)
    since = datetime(2026, 4, 1, 12, 0, 0, 123456, tzinfo=UTC)
    fields = {"plain": 1, "dotted.name": {"deep": [1.5, None]}, "gone": DELETE_FIELD}
    kept = {name: fields[name] for name in ("plain", "dotted.name")}
    paths = [firestore.field_path(name) for name in fields]
    assert not writes
    writes.set(reference, kept, must_be_new=True)
    batch.create(reference, kept)
    writes.set(reference, kept)
    batch.set(reference, kept)
    writes.merge(reference, fields)
    batch.set(reference, fields, merge=paths)
    writes.update(reference, fields, unchanged_since=None)
    batch.update(reference, dict(zip(paths, fields.values(), strict=True)))
    writes.update(reference, kept, unchanged_since=since)
    option = firestore.write_option(last_update_time=since)
    batch.update(reference, {firestore.field_path(name): value for name, value in kept.items()}, option=option)
    writes.delete(reference)
    batch.delete(reference)
    assert list(writes.request(b"t")["writes"]) == [Write.pb(write) for write in batch._write_pbs]
