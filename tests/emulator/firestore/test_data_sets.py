"""Data sets: what is exported is imported again as it was, and what cannot be imported is refused with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.firestore.clock import micros
from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.data_sets import export_data_set, import_data_set
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.persistence.snapshots import this_moment
from emulator.firestore.store import Store
from tests.emulator.firestore import kept
from tests.emulator.firestore.kept import MARK, SHOP, Kept, lay

EXAMPLE = Path(__file__).parents[3] / "docs" / "data-sets.md"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_is_imported_as_it_was_times_included(tmp_path: Path) -> None:
    async def fill(it: Kept) -> None:
        await it.keep({"a/same": {"n": 1}, "b/c/d/e": {"m": {"list": [1, {"x": None}]}}})
        await it.keep({"a/same": {"n": 2}, "a/gone": {}})
        await it.keep({"a/gone": None, "ä ö/%2F": {"ü\n": "  \U0001f600"}})
        for project, database in [("demo-other", "(default)"), ("..", ".x"), ("a b:c", "né%20w")]:
            await it.keep({"a/b": {"in": database}}, DatabaseId(project, database))
        export_data_set(this_moment(it.store), tmp_path / "set")

    kept.using(tmp_path / "data", fill)
    expected = {key: versions[-1:] for key, versions in kept.read(tmp_path / "data").items() if versions[-1][2]}
    store = Store()
    assert import_data_set(tmp_path / "set", store) == len(expected) == 6
    assert kept.contents(store) == expected
    export_data_set(this_moment(store), tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "set")
    assert all(tmp_path / "set" in path.parents for path in (tmp_path / "set").rglob("*"))


def test_the_example_of_the_documentation_can_be_imported(tmp_path: Path) -> None:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line.startswith('{"name"')]
    mark = next(line for line in EXAMPLE.read_text().splitlines() if "data-set.json  " in line)
    store = Store()
    lay(tmp_path, "\n".join(lines), mark[mark.index("{") :])
    assert import_data_set(tmp_path, store) == 2
    order = store.database(SHOP).get("shops/lagos/orders/o1")
    assert order is not None and order.document().fields["cents"].integer_value == 1250


def test_times_that_are_missing_or_in_the_future_are_those_of_the_import(tmp_path: Path) -> None:
    early, late = "2020-01-01T00:00:00.000001Z", "2999-01-01T00:00:00Z"
    times = [{}, {"updateTime": late, "createTime": early}, {"updateTime": early}, {"createTime": late}]
    lines = [json.dumps({"name": f"a/{number}", **given}) for number, given in enumerate(times)]
    store = Store()
    before = store.clock.read_time()
    import_data_set(lay(tmp_path, "\n\n".join(lines) + "\n"), store)
    after, first = store.clock.read_time(), 1577836800000001
    found = []
    for number in range(len(times)):
        version = store.database(SHOP).get(f"a/{number}")
        assert version is not None
        assert version.create_time == micros(version.document().create_time)
        assert version.time == micros(version.document().update_time) <= after
        found.append(tuple("then" if time == first else "now" for time in (version.create_time, version.time)))
        assert all(time == first or time > before for time in (version.create_time, version.time))
    assert found == [("now", "now"), ("then", "now"), ("then", "then"), ("now", "now")]


def fields(content: str) -> str:
    return f'{{"name": "a/b", "fields": {content}}}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "a line is an object with name, fields, createTime and updateTime"),
        ('{"fields": {}}', "a line is an object with name"),
        ('{"name": "a/b", "size": 1}', "a line is an object with name"),
        ('{"name": "a"}', "lacks an even number of path segments"),
        ('{"name": "a//b/c"}', "has an invalid path segment ''"),
        ('{"name": "a/b", "updateTime": "yesterday"}', "updateTime: 'yesterday' is no time"),
        ('{"name": "a/b", "createTime": 7}', "createTime: 7 is no time"),
        (fields("[]"), "fields: an object is expected, not"),
        (fields('{"n": 1}'), r"fields\.n: an object is expected, not 1"),
        (fields('{"n": {"intValue": 1}}'), r"fields\.n: 'intValue' is no type of value"),
        (fields('{"n": {"integerValue": "1", "doubleValue": 1}}'), r"fields\.n: a value has one type"),
        (fields('{"n": {"integerValue": "1.5"}}'), r"fields\.n: '1\.5' is no integerValue"),
        (fields('{"n": {"integerValue": 1.0}}'), r"fields\.n: 1\.0 is no integerValue"),
        (fields('{"n": {"integerValue": "9223372036854775808"}}'), r"'9223372036854775808' is no integerValue"),
        (fields('{"n": {"doubleValue": true}}'), r"True is no doubleValue"),
        (fields('{"n": {"booleanValue": "true"}}'), r"'true' is no booleanValue"),
        (fields('{"n": {"nullValue": false}}'), r"False is no nullValue"),
        (fields('{"n": {"stringValue": 7}}'), r"7 is no stringValue"),
        (fields('{"n": {"stringValue": "\\ud800"}}'), r"is no stringValue"),
        (fields('{"n": {"bytesValue": "?"}}'), r"'\?' is no bytesValue"),
        (fields('{"n": {"timestampValue": "2026-02-30T00:00:00Z"}}'), r"is no timestampValue"),
        (fields('{"n": {"geoPointValue": {"lat": 1}}}'), r"is no geoPointValue"),
        (fields('{"n": {"mapValue": {"x": {}}}}'), r"fields\.n: x is unknown, 'fields' is expected"),
        (fields('{"n": {"arrayValue": {"values": {}}}}'), r"fields\.n: an array's values are a list"),
        (fields('{"n": {"arrayValue": {"values": [{}, {"mapValue": {"fields": {"x": 1}}}]}}}'), r"fields\.n\[1\]\.x: "),
        (fields('{"n": ' + '{"mapValue": {"fields": {"x": ' * 21 + "{}" + "}}}" * 21 + "}"), "deeper than 20"),
        (fields('{"": {"integerValue": 1}}'), 'The field name "" is empty'),
        (fields('{"__x__": {"integerValue": 1}}'), 'The field name "__x__" is reserved'),
        ('{"name": "__a__/b"}', 'Collection id "__a__" is invalid because it is reserved'),
        (fields('{"n": {"stringValue": "' + "x" * 1_048_576 + '"}}'), "is longer than 1048487 bytes"),
        ('{"name": "a/first"}', "a/first is there twice"),
    ],
)
def test_a_malformed_line_is_refused_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    store = Store()
    lay(tmp_path, '{"name": "a/first"}\n' + line + "\n")
    with pytest.raises(StorageError, match=rf"\(default\)\.jsonl, line 2: .*{message}"):
        import_data_set(tmp_path, store)
    assert kept.contents(store) == {}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, r"is no data set: data-set\.json is missing"),
        (lambda folder: lay(folder, mark="not JSON"), r"data-set\.json cannot be read: Expecting value"),
        (lambda folder: lay(folder, mark='{"format": "other"}'), r"data-set\.json is no mark of a data set"),
        (lambda folder: lay(folder, mark=MARK.replace("1", "2")), r"has version 2; this .* reads version 1"),
        (lambda folder: lay(folder, mark=MARK[:-1] + ', "complete": false}'), r"an export into it was interrupted"),
    ],
)
def test_what_is_no_data_set_of_ours_is_refused(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    make(tmp_path)
    with pytest.raises(StorageError, match=message):
        import_data_set(tmp_path, Store())


def test_an_export_replaces_a_data_set_and_nothing_else(tmp_path: Path) -> None:
    folder = lay(tmp_path / "set", '{"name": "a/b"}\n', mark=MARK[:-1] + ', "complete": false}')
    lay(folder, '{"name": "a/b"}\n', file="demo-gone/(default).jsonl")
    (folder / "README.md").write_text("ours")
    store = Store()
    import_data_set(lay(tmp_path / "other", '{"name": "c/d", "updateTime": "2026-01-01T00:00:00Z"}\n'), store)
    assert export_data_set(this_moment(store), folder) == 1
    assert set(files(folder)) == {"README.md", "data-set.json", "demo-kept/(default).jsonl"}
    assert import_data_set(folder, Store()) == 1
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="foreign is not empty and no data set"):
        export_data_set(this_moment(store), tmp_path / "foreign")
    assert list(files(tmp_path / "foreign")) == ["thesis.txt"]


def test_an_export_that_is_cut_off_leaves_no_half_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    import_data_set(lay(tmp_path / "set", '{"name": "a/b"}\n'), store)
    store.database(SHOP).newest("a/b").data = b"\xff is no document"  # type: ignore[union-attr]
    before = files(tmp_path / "set")
    with pytest.raises(Exception, match="Error parsing message"):
        export_data_set(this_moment(store), tmp_path / "set")
    after = files(tmp_path / "set")
    assert after.keys() == before.keys() and after["demo-kept/(default).jsonl"] == before["demo-kept/(default).jsonl"]
    with pytest.raises(StorageError, match="was interrupted"):
        import_data_set(tmp_path / "set", Store())
