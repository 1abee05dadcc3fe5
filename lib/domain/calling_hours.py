"""The hours in which the law lets a shop send advertising texts, by the area the number is from.

Federal: 8 to 21 at the called party's location (47 CFR 64.1200(c)(1)); texts are calls (47 CFR 64.1200(a)(4) and the
FCC's orders since 2003). States that give less are listed with their statute, also where courts have yet to say whether
it covers texts: the cautious reading costs an hour, the other one $500 a message. Area codes are those of the North
American Numbering Plan; a number may have moved with its owner, so a shop's own state should be asked as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

# From (inclusive) and until (exclusive), whole hours of local time; None is a day without any.
Hours: TypeAlias = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Law:
    """`week` is Monday to Sunday. `source` is where it is written."""

    source: str
    week: tuple[Hours, ...]


def _law(source: str, hours: Hours, *, saturday: Hours = None, sunday: Hours = None) -> Law:
    return Law(source, (hours, hours, hours, hours, hours, saturday or hours, sunday))


def _daily(source: str, hours: Hours) -> Law:
    return _law(source, hours, sunday=hours)


FEDERAL = _daily("47 CFR 64.1200(c)(1)", (8, 21))

STATE_LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "CT": _daily("Conn. Gen. Stat. § 42-288a", (9, 20)),
        "FL": _daily("Fla. Stat. § 501.616(6)(a)", (8, 20)),
        "KY": _daily("Ky. Rev. Stat. § 367.46955", (10, 21)),
        "MA": _daily("Mass. Gen. Laws ch. 159C § 3", (8, 20)),
        "MD": _daily("Md. Code, Com. Law § 14-4502", (8, 20)),
        "MS": _law("Miss. Code § 77-3-723", (8, 20)),
        "OK": _daily("Okla. Stat. tit. 15 § 775C.4", (8, 20)),
        "RI": _law("R.I. Gen. Laws §§ 5-61-2(9), 5-61-3.6", (9, 18), saturday=(10, 17)),
        "TX": _law("Tex. Bus. & Com. Code § 301.051", (9, 21), sunday=(12, 21)),
        "WA": _daily("Wash. Rev. Code § 80.36.390", (8, 20)),
    }
)

_AREA_CODES = {
    "CT": "203 475 860 959",
    "FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
    "KY": "270 364 502 606 859",
    "MA": "339 351 413 508 617 774 781 857 978",
    "MD": "227 240 301 410 443 667",
    "MS": "228 471 601 662 769",
    "OK": "405 539 572 580 918",
    "RI": "401",
    "TX": "210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 915 936 940 945 956"
    " 972 979",
    "WA": "206 253 360 425 509 564",
}
_STATE_BY_AREA_CODE = {code: state for state, codes in _AREA_CODES.items() for code in codes.split()}


def state_of(phone: str | None) -> str | None:
    """The state with hours of its own that an E.164 number is from, as two letters; None for every other number."""
    return _STATE_BY_AREA_CODE.get(phone[2:5]) if phone and phone.startswith("+1") and len(phone) == 12 else None


def laws_for(phone: str | None, *also_states: str) -> tuple[Law, ...]:
    """What applies to a number: the federal hours (kept abroad too: nobody wants an offer at night), and those of its
    state and of the other states given. All of them must allow a message."""
    states = dict.fromkeys(filter(None, (state_of(phone), *also_states)))
    return (FEDERAL, *(STATE_LAWS[state] for state in states if state in STATE_LAWS))
