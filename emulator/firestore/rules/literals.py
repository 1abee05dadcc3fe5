"""String and bytes literals: their escapes, decoded."""

import re

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
_NAMED = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
    "`": "`",
    "/": "/",
}


class InvalidEscapeError(ValueError):
    """An escape sequence that means nothing; `offset` counts characters from the literal's first one."""

    def __init__(self, sequence: str, offset: int) -> None:
        super().__init__(f"Invalid escape sequence '{sequence}'.")
        self.offset = offset


def decode_string(token: str) -> str:
    """The text of a quoted literal; raises InvalidEscapeError."""
    decoded = _ESCAPE.sub(_character, token[1:-1])
    # A pair of \u escapes may spell one character outside the BMP; half a pair is no text.
    try:
        return decoded.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise InvalidEscapeError("\\u", 0) from None


def decode_bytes(token: str) -> bytes:
    """The octets of a literal such as b'a\\x2A\\052'; characters stand for their UTF-8; raises InvalidEscapeError."""
    body = token[2:-1]
    octets = bytearray()
    position = 0
    for escape in _ESCAPE.finditer(body):
        octets += body[position : escape.start()].encode()
        code = escape.group(1)
        if code[0] == "x" and len(code) == 3:
            octets.append(int(code[1:], 16))
        elif code[0].isdigit() and len(code) == 3:
            octets.append(int(code, 8))
        else:
            octets += _character(escape, shift=2).encode()
        position = escape.end()
    return bytes(octets + body[position:].encode())


def _character(escape: re.Match[str], shift: int = 1) -> str:
    code = escape.group(1)
    if code[0] in "xuU" and len(code) > 1:
        point = int(code[1:], 16)
        if point <= 0x10FFFF:
            return chr(point)
    elif len(code) == 3:
        return chr(int(code, 8))
    elif code in _NAMED:
        return _NAMED[code]
    raise InvalidEscapeError(escape.group(0), escape.start() + shift)
