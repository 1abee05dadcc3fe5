"""The methods of lists, maps, sets and map diffs."""

from emulator.firestore.rules.builtin import builtin
from emulator.firestore.rules.conversions import to_string
from emulator.firestore.rules.values import MapDiff, RulesSet, Value, canonical, equal

_LIST_OR_SET = (list, RulesSet)


def _has(items: list[Value], wanted: Value) -> bool:
    return any(equal(item, wanted) for item in items)


def _items(collection: Value) -> list[Value]:
    if isinstance(collection, RulesSet):
        return collection.items()
    assert isinstance(collection, list), collection
    return collection


def _list_has_all(items: list[Value], wanted: Value) -> bool:
    return all(_has(items, item) for item in _items(wanted))


def _list_has_any(items: list[Value], wanted: Value) -> bool:
    return any(_has(items, item) for item in _items(wanted))


def _list_has_only(items: list[Value], allowed: Value) -> bool:
    return all(_has(_items(allowed), item) for item in items)


LIST_METHODS = {
    "concat": builtin(lambda items, more: items + more, list),
    "hasAll": builtin(_list_has_all, _LIST_OR_SET),
    "hasAny": builtin(_list_has_any, _LIST_OR_SET),
    "hasOnly": builtin(_list_has_only, _LIST_OR_SET),
    "join": builtin(lambda items, separator: separator.join(to_string(item) for item in items), str),
    "removeAll": builtin(lambda items, gone: [item for item in items if not _has(gone, item)], list),
    "size": builtin(len),
    "toSet": builtin(RulesSet),
}


def _set_has_all(members: RulesSet, wanted: Value) -> bool:
    return all(item in members for item in _items(wanted))


def _set_has_any(members: RulesSet, wanted: Value) -> bool:
    return any(item in members for item in _items(wanted))


def _set_has_only(members: RulesSet, allowed: Value) -> bool:
    return members.keys() <= RulesSet(_items(allowed)).keys()


SET_METHODS = {
    "difference": builtin(lambda one, other: RulesSet(i for i in one.items() if i not in other), RulesSet),
    "hasAll": builtin(_set_has_all, _LIST_OR_SET),
    "hasAny": builtin(_set_has_any, _LIST_OR_SET),
    "hasOnly": builtin(_set_has_only, _LIST_OR_SET),
    "intersection": builtin(lambda one, other: RulesSet(i for i in one.items() if i in other), RulesSet),
    "size": builtin(len),
    "union": builtin(lambda one, other: RulesSet(one.items() + other.items()), RulesSet),
}


def _get(entries: dict[str, Value], key: Value, default: Value) -> Value:
    """The value at a key, or at a list of keys leading into nested maps; the default when it is not there."""
    value: Value = entries
    for name in key if isinstance(key, list) else [key]:
        if not isinstance(value, dict) or not isinstance(name, str) or name not in value:
            return default
        value = value[name]
    return value


MAP_METHODS = {
    "diff": builtin(MapDiff, dict),
    "get": builtin(_get, (str, list), ()),
    "keys": builtin(lambda entries: list(entries)),
    "size": builtin(len),
    "values": builtin(lambda entries: list(entries.values())),
}


def _same(diff: MapDiff, key: str) -> bool:
    return canonical(diff.after[key]) == canonical(diff.before[key])


def _added(diff: MapDiff) -> list[Value]:
    return [key for key in diff.after if key not in diff.before]


def _removed(diff: MapDiff) -> list[Value]:
    return [key for key in diff.before if key not in diff.after]


def _changed(diff: MapDiff) -> list[Value]:
    return [key for key in diff.after if key in diff.before and not _same(diff, key)]


def _unchanged(diff: MapDiff) -> list[Value]:
    return [key for key in diff.after if key in diff.before and _same(diff, key)]


MAP_DIFF_METHODS = {
    "addedKeys": builtin(lambda diff: RulesSet(_added(diff))),
    "affectedKeys": builtin(lambda diff: RulesSet(_added(diff) + _removed(diff) + _changed(diff))),
    "changedKeys": builtin(lambda diff: RulesSet(_changed(diff))),
    "removedKeys": builtin(lambda diff: RulesSet(_removed(diff))),
    "unchangedKeys": builtin(lambda diff: RulesSet(_unchanged(diff))),
}
