"""Student's t distribution, for intervals around means: its distribution function and quantiles, to nine digits.

Only this is needed of statistics beyond the standard library, and degrees of freedom come as fractions from Welch's
formula, which no table has.
"""

import math
from statistics import NormalDist

_TINY = 1e-300
_PRECISION = 1e-15
_TERMS_MAX = 10_000
# From here on the expansion in 1/degrees has more digits than the beta function, whose logarithms grow.
_MANY = 10_000


def probability(t: float, degrees: float) -> float:
    """P(T <= t) for so many degrees of freedom, above 0 and not many thousands.

    By the incomplete beta function: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.1.
    """
    whole = degrees + t * t
    tail = 0.5 * _incomplete_beta(degrees / whole, t * t / whole, degrees / 2, 0.5)
    return tail if t < 0 else 1.0 - tail


def quantile(p: float, degrees: float) -> float:
    """The t with P(T <= t) = p, for 0.5 <= p < 1. Raises ValueError for any other p, or without degrees of freedom."""
    if not 0.5 <= p < 1 or degrees <= 0:
        raise ValueError("a quantile needs a probability of 0.5 up to 1, and degrees of freedom")
    if degrees >= _MANY:
        return _near_normal(NormalDist().inv_cdf(p), degrees)
    low, high = 0.0, 1.0
    while probability(high, degrees) < p:
        low, high = high, high * 2
    # Halved until there is no number in between: some sixty times.
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if probability(middle, degrees) < p else (low, middle)
    return high


def _near_normal(z: float, degrees: float) -> float:
    """The quantile from that of the normal distribution: Abramowitz and Stegun 26.7.5, the first terms."""
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / degrees + second / degrees**2


def _incomplete_beta(x: float, y: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by the continued fraction that converges faster; `y` is
    1 - x, which has digits that a difference would lose."""
    if x <= 0 or y <= 0:
        return float(y <= 0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _incomplete_beta(y, x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(y)
    return math.exp(log_front) / a / _continued_fraction(x, a, b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """The fraction of Abramowitz and Stegun 26.5.8, evaluated from the front (W. J. Lentz, Applied Optics 15, 1976)."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, _TERMS_MAX):
        m = term // 2
        if term % 2:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 + numerator * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + numerator / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return value
