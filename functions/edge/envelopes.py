"""The envelope that callables and tasks arrive in: a JSON object with the one member `data`."""

from flask import Request


def is_envelope(request: Request) -> bool:
    """Whether the body is one; whatever else it may be."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        return False
    return isinstance(body, dict) and set(body) == {"data"}
