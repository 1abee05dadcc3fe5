"""JSON pointers (RFC 6901): how an error names the field it is about."""

from collections.abc import Iterable


def json_pointer(path: Iterable[str | int]) -> str:
    """The pointer of a path of keys and indices; "" is the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
