"""The functions rules can call by name: conversions, math, hashing, latlng, timestamp, duration.

`get`, `exists`, `getAfter`, `existsAfter` and `debug` need the request at hand; the compiler provides them.
"""

import hashlib
import math
import zlib

from emulator.firestore.rules.arithmetic import as_int
from emulator.firestore.rules.builtin import NUMBER, Builtin, builtin
from emulator.firestore.rules.conversions import to_bool, to_float, to_int, to_path, to_string
from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.text import utf8
from emulator.firestore.rules.time_methods import DURATION_FUNCTIONS, TIMESTAMP_FUNCTIONS
from emulator.firestore.rules.values import LatLng

_CASTAGNOLI_REVERSED = 0x82F63B78


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (_CASTAGNOLI_REVERSED if remainder & 1 else 0)
        table.append(remainder)
    return tuple(table)


_CRC32C_TABLE = _crc32c_table()


def _octets(data: bytes | str) -> bytes:
    return utf8(data) if isinstance(data, str) else data


def _crc32c(data: bytes | str) -> bytes:
    remainder = 0xFFFFFFFF
    for byte in _octets(data):
        remainder = (remainder >> 8) ^ _CRC32C_TABLE[(remainder ^ byte) & 0xFF]
    return (remainder ^ 0xFFFFFFFF).to_bytes(4, "big")


_DATA = (bytes, str)
HASHING_FUNCTIONS = {
    "crc32": builtin(lambda data: zlib.crc32(_octets(data)).to_bytes(4, "big"), _DATA),
    "crc32c": builtin(_crc32c, _DATA),
    "md5": builtin(lambda data: hashlib.md5(_octets(data), usedforsecurity=False).digest(), _DATA),
    "sha256": builtin(lambda data: hashlib.sha256(_octets(data)).digest(), _DATA),
}


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise EvaluationError("The number has no integer value.")
    return number


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        negative = base < 0 and exponent % 2 == 1
        return -math.inf if negative else math.inf
    except ValueError:  # 0 to a negative power, or a negative base to a fraction
        return math.nan if base < 0 else math.inf


MATH_FUNCTIONS = {
    "abs": builtin(lambda n: as_int(abs(n)) if isinstance(n, int) else abs(n), NUMBER),
    "ceil": builtin(lambda n: as_int(math.ceil(_finite(n))), NUMBER),
    "floor": builtin(lambda n: as_int(math.floor(_finite(n))), NUMBER),
    "isInfinite": builtin(lambda n: isinstance(n, float) and math.isinf(n), NUMBER),
    "isNaN": builtin(lambda n: isinstance(n, float) and math.isnan(n), NUMBER),
    "pow": builtin(_power, NUMBER, NUMBER),
    "round": builtin(lambda n: n if isinstance(n, int) else as_int(_round_half_up(_finite(n))), NUMBER),
    "sqrt": builtin(lambda n: math.nan if n < 0 else math.sqrt(n), NUMBER),
}


def _round_half_up(number: float) -> int:
    below = math.floor(number)
    return below + (number - below >= 0.5)


def _point(latitude: float, longitude: float) -> LatLng:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise EvaluationError("Invalid latitude or longitude.")
    return LatLng(float(latitude), float(longitude))


NAMESPACES: dict[str, dict[str, Builtin]] = {
    "duration": DURATION_FUNCTIONS,
    "hashing": HASHING_FUNCTIONS,
    "latlng": {"value": builtin(_point, NUMBER, NUMBER)},
    "math": MATH_FUNCTIONS,
    "timestamp": TIMESTAMP_FUNCTIONS,
}
FUNCTIONS: dict[str, Builtin] = {
    "bool": builtin(to_bool, ()),
    "float": builtin(to_float, ()),
    "int": builtin(to_int, ()),
    "path": builtin(to_path, ()),
    "string": builtin(to_string, ()),
}
