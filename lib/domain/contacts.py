"""Telephone numbers and e-mail addresses as people and tills write them, brought to one form each.

phonenumbers and email_validator are imported where they are first needed: they are a fifth of what our code takes to
start, and a balance, a quote or the menu needs neither.
"""

import re
from functools import lru_cache

from lib.domain.countries import CountryCode

# Longer is no telephone number and no address (RFC 5321 allows 254 characters), whatever it is.
_PHONE_LENGTH_MAX = 40
_EMAIL_LENGTH_MAX = 254
# Addresses the POS and the dashboard invent for customers without one; they identify nobody and are never mailed.
_PLACEHOLDER_DOMAINS = ("alleaves.local", "unknown.local", "bakedbot.ai")
# No area code 555 is assigned, but text message providers document their test numbers in it.
_TEST_PHONE = re.compile(r"\+155555501\d\d")


def normalise_phone(raw: object, region: CountryCode = "US") -> str | None:
    """E.164 (+14155552671) of a number that could be in service, else None. Never raises.

    `region` is where a number without a country code is from. Numbers no one can have (0000000000, 555-123-4567) are
    None on purpose: tills use them for people without a telephone, and an identity would merge strangers.
    """
    if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0:
        raw = str(raw)
    if not isinstance(raw, str) or not raw.strip() or len(raw) > _PHONE_LENGTH_MAX:
        return None
    return _phone(raw, region)


@lru_cache(maxsize=4096)
def _phone(raw: str, region: CountryCode) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if phonenumbers.is_valid_number(number) or _TEST_PHONE.fullmatch(e164) else None


def phone_digits(e164: str) -> str:
    """All digits with the country code, as `customers.phoneDigits` holds them (11 in the US)."""
    return e164.removeprefix("+")


def phone_last4(e164: str) -> str:
    """The last four digits, as `customers.phoneLast4` holds them."""
    return e164[-4:]


def phone_variants(e164: str) -> tuple[str, ...]:
    """The forms this number may have in documents written by others, likeliest first: +1…, 11 and 10 digits, and the
    usual ways to print it. At most 10, so that one `in` query takes them all."""
    import phonenumbers

    number = phonenumbers.parse(e164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    significant = phonenumbers.national_significant_number(number)
    printed = [national, international]
    if number.country_code == 1:
        area, exchange, line = significant[:3], significant[3:6], significant[6:]
        printed += [f"{area}-{exchange}-{line}", f"{area}.{exchange}.{line}", f"1-{area}-{exchange}-{line}"]
    forms = [e164, phone_digits(e164), significant, re.sub(r"\D", "", national), *printed]
    return tuple(dict.fromkeys(forms))


def normalise_email(raw: object) -> str | None:
    """The address in lower case and canonical Unicode, or None if it is none or a placeholder. Never raises."""
    if not isinstance(raw, str) or len(raw) > _EMAIL_LENGTH_MAX:
        return None
    address = raw.strip().lower()
    return None if not address or is_placeholder_email(address) else _email(address)


@lru_cache(maxsize=4096)
def _email(address: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def is_placeholder_email(raw: object) -> bool:
    """Whether the address was invented by a system for a customer who gave none."""
    return isinstance(raw, str) and raw.strip().lower().rpartition("@")[2] in _PLACEHOLDER_DOMAINS
