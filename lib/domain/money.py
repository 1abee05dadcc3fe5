"""Money and points arithmetic: integer cents inside, dollars only at the edge, exact decimals in between."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from lib.domain.countries import CurrencyCode
from lib.domain.errors import InvalidInput

# One order above a hundred million dollars is a typing error, not a sale.
MAX_CENTS = 10_000_000_000
_CENT = Decimal("0.01")
_SYMBOLS: dict[CurrencyCode, str] = {"USD": "$", "NGN": "₦"}


def cents_from_dollars(amount: object, *, pointer: str = "") -> int:
    """Cents of an amount in dollars as the dashboard stores it (int, float or Decimal), half up to the cent.

    Strings are refused on purpose: a stored string is a writer's mistake that must be seen, not guessed at.
    A float goes through its shortest decimal form, so 49.99 is 4999 and never 4998.

    Raises InvalidInput for anything that is not a finite number of a sane size, with `pointer` as its field.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        raise InvalidInput("must be a number of dollars", pointer=pointer, reason="not_a_number")
    try:
        value = Decimal(repr(amount)) if isinstance(amount, float) else Decimal(amount)
        cents = int((value.quantize(_CENT, rounding=ROUND_HALF_UP)) * 100) if value.is_finite() else None
    except InvalidOperation:
        cents = None
        value = Decimal("Infinity")
    if cents is None and not value.is_infinite():
        raise InvalidInput("must be a finite number", pointer=pointer, reason="not_a_number")
    if cents is None or abs(cents) > MAX_CENTS:
        raise InvalidInput("is too large to be an amount of money", pointer=pointer, reason="too_large")
    return cents


def dollars(cents: int) -> float:
    """The amount in dollars, as the dashboard's documents carry money."""
    return float(Decimal(cents) / 100)


def amount_text(cents: int, currency: CurrencyCode) -> str:
    """The amount as people write it: $1,049.99."""
    return f"{_SYMBOLS[currency]}{Decimal(cents) / 100:,.2f}"


def points_for(cents: int, points_per_dollar: Decimal, multiplier: Decimal = Decimal(1)) -> int:
    """Points of an amount: floor(cents x points per dollar x multiplier / 100), exact, never negative.

    In integers, because a Decimal product is rounded to 28 digits and could round up to a point nobody earned.
    """
    if cents <= 0:
        return 0
    rate, rate_scale = points_per_dollar.as_integer_ratio()
    factor, factor_scale = multiplier.as_integer_ratio()
    return max(cents * rate * factor // (100 * rate_scale * factor_scale), 0)
