"""Small readings of answers: Retry-After in all its forms, and error codes without anybody's words."""

import pytest
from requests.structures import CaseInsensitiveDict

from lib.vendors.outcomes import code_of, retry_after_seconds

DATE = "Sat, 21 Nov 2026 01:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "999999999"}, 86_400.0),
        ({"Retry-After": "Sat, 21 Nov 2026 01:00:30 GMT", "Date": DATE}, 30.0),
        ({"Retry-After": "Fri, 20 Nov 2026 01:00:30 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Sat, 21 Nov 2026 01:00:30 GMT"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 01:00:30 GMT", "Date": "today"}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_seconds(CaseInsensitiveDict(headers)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"errors": [{"code": "mj-0013", "message": "x"}]}, "mj-0013"),
        ({"code": 403}, "403"),
        ({"errors": [{"code": "jo@example.com is no member"}]}, ""),
        ({"errors": ["text"]}, ""),
        ({"errors": []}, ""),
        (["code"], ""),
        (None, ""),
    ],
)
def test_code(body: object, expected: str) -> None:
    assert code_of(body) == expected
