"""Reads a vendor's configuration; what is missing or wrong switches the vendor off with a named reason."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from lib.vendors.errors import SwitchedOff

_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def required(vendor: str, values: Mapping[str, object], name: str, label: str) -> str:
    """A text or number that must be there; there is no stand-in. Raises SwitchedOff (missing_… or invalid_{label})."""
    value = values.get(name)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        raise SwitchedOff(vendor, f"switched off: {label} is not configured ({name})", reason=f"missing_{label}")
    if not text.isprintable():
        raise SwitchedOff(vendor, f"switched off: {label} holds a control character", reason=f"invalid_{label}")
    return text


def base_url(vendor: str, values: Mapping[str, object], name: str, default: str) -> str:
    """The address everything begins with, without a slash at its end. Raises SwitchedOff (invalid_base_url).

    HTTPS, except to this computer: a key must not cross a network in the clear, nor be sent along to an address with a
    user name in it, which is how one host is made to look like another.
    """
    value = values.get(name) or default
    try:
        parts = urlsplit(value.strip() if isinstance(value, str) else "")
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or parts.username is not None
        or parts.query
        or parts.fragment
        or (parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL_HOSTS))
    ):
        raise SwitchedOff(vendor, f"switched off: {name} is not an HTTPS address", reason="invalid_base_url")
    return parts.geturl().rstrip("/")
