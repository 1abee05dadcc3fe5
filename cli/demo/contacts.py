"""Synthetic contact data, stable by customer number: fictional phones in all stored formats, reserved mail domains."""

from dataclasses import dataclass

# Numbers 555-0100 to 555-0199 of every area code are set aside for fiction, and example.com is reserved (RFC 2606),
# so none of these can reach anyone.
_AREA_CODES = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228),
    *(229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302),
    *(303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330),
)
_FICTIONAL_LINES = 100
PHONE_CAPACITY = len(_AREA_CODES) * _FICTIONAL_LINES
PHONE_FORMATS = ("+1{0}{1}{2}", "1{0}{1}{2}", "{0}{1}{2}", "({0}) {1}-{2}")
POS_PLACEHOLDER_EMAIL = "no-email@alleaves.local"


@dataclass(frozen=True, slots=True)
class Contact:
    """What an order says of its customer; a phone is ten national digits until it is written in some format."""

    name: str
    email: str | None = None
    phone_digits: str | None = None


NO_CONTACT = Contact(name="Unknown")


def synthetic_email(number: int) -> str:
    """The address of customer `number`."""
    return f"customer{number}@example.com"


def synthetic_phone(number: int) -> str:
    """Ten fictional digits for customer `number`; unique among any `PHONE_CAPACITY` consecutive numbers."""
    area = _AREA_CODES[number // _FICTIONAL_LINES % len(_AREA_CODES)]
    return f"{area}55501{number % _FICTIONAL_LINES:02d}"


def format_phone(digits: str, style: int) -> str:
    """The number as one of the four formats found in stored orders; any integer picks one."""
    return PHONE_FORMATS[style % len(PHONE_FORMATS)].format(digits[:3], digits[3:6], digits[6:])
