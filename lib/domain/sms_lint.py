"""Words and links in a text for which carriers refuse it, found before it is sent.

Carriers filter by content: sex, hate, alcohol, firearms and tobacco ("SHAFT", CTIA Messaging Principles and Best
Practices §5.3), and cannabis in any state, because federal law still lists it. Public link shorteners are refused for
what others did with them (§5.3.1). A finding is advice to the author of a campaign: nothing is rewritten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """Why a carrier objects."""

    CANNABIS = "cannabis"
    SEX = "sex"
    HATE = "hate"
    ALCOHOL = "alcohol"
    FIREARMS = "firearms"
    TOBACCO = "tobacco"
    SHORTENED_LINK = "shortened_link"
    SHOUTING = "shouting"
    MONEY_BAIT = "money_bait"


class Severity(StrEnum):
    """REFUSED: carriers block it. RISKY: innocent on its own, counted against the sender by filters."""

    REFUSED = "refused"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` is what was found, as the author wrote it."""

    category: Category
    severity: Severity
    start: int
    end: int
    found: str


_REFUSED_WORDS = {
    Category.CANNABIS: (
        "cannabis|marijuana|marihuana|mary jane|weed|ganja|hashish|thca?|cbd|cbn|delta ?-?[89]|indica|sativa|kush"
        "|dispensar(?:y|ies)|edibles?|gummies|pre ?-?rolls?|joints?|blunts?|spliffs?|bongs?|dabs?|dabbing|rosin"
        "|live resin|shatter|vapes?|nugs?|budtenders?|stoners?|stoned|420|4/20|tinctures?|terpenes?|terps|eighths?"
    ),
    Category.SEX: "sex|sexy|porn|xxx|nudes?|escorts?|hookups?|viagra|cialis",
    Category.HATE: "nazis?|white power|kkk|hate group",
    Category.ALCOHOL: "alcohol|beers?|wines?|vodka|whiske?y|tequila|liquor|booze|cocktails?",
    Category.FIREARMS: "guns?|firearms?|ammo|ammunition|rifles?|pistols?|shotguns?|ar-?15",
    Category.TOBACCO: "tobacco|cigarettes?|cigars?|nicotine|e-?cigs?|juul|hookahs?",
}
_RISKY_WORDS = {
    Category.CANNABIS: (
        "high|lit|baked|blaze|flower|green|strains?|medicated|smoke|smoking|puff|potent|munchies|oz|mg|hash|710|buds?"
        "|hybrids?|carts?|cartridges?|concentrates?|zips?"
    ),
    Category.MONEY_BAIT: "free money|cash prize|risk[- ]free|act now|winner|you won|100% free|guaranteed",
}
# A maple leaf stands for another leaf; a bare number such as $420 or 1420 is no hint.
_SIGNS = re.compile("[🍁🌿🍃🌱🥦💨🔥]")
_REFUSED_SIGNS = frozenset("🍁🌿🍃🥦")
_SHORTENERS = "bit.ly|tinyurl.com|goo.gl|t.co|ow.ly|is.gd|buff.ly|cutt.ly|rb.gy|rebrand.ly|t.ly|shorturl.at|tiny.cc"
_SHORT_LINK = re.compile(rf"(?<![\w.-])(?:{_SHORTENERS.replace('.', '[.]')})/\S+", re.IGNORECASE)
_LINK = re.compile(r"\bhttps?://\S+|(?<![\w.-])(?:[\w-]+\.)+[a-z]{2,}/\S*", re.IGNORECASE)
_SHOUTED = re.compile(r"\b[A-Z]{3,}(?:[ ,!]+[A-Z]{3,}){3,}\b")
_DISGUISES = str.maketrans("@4301$5!", "aaeoissi")
_WORD_WITH_DISGUISE = re.compile(r"[\w@$!]*[@4301$5!][\w@$!]*")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$#.]){'(?:' + words + ')'}(?![\w]|\.\d)", re.IGNORECASE)


_WORD_RULES = tuple(
    (category, severity, _pattern(words))
    for severity, table in ((Severity.REFUSED, _REFUSED_WORDS), (Severity.RISKY, _RISKY_WORDS))
    for category, words in table.items()
)


def lint(text: str) -> tuple[Finding, ...]:
    """What carriers may refuse in a text, in the order in which it stands there; () when nothing.

    Words are also found in disguise (w33d, c@nnabis, we\\u200bed). Words inside links are not judged, the shop's own
    domain may hold one; a public shortener is.
    """
    shown, origins = _without_invisible(text)
    links = [match.span() for match in _LINK.finditer(shown)]
    found = [
        Finding(category, severity, origins[start], origins[end - 1] + 1, text[origins[start] : origins[end - 1] + 1])
        for category, severity, start, end in _matches(shown, links)
    ]
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.end)))


def _matches(shown: str, links: list[tuple[int, int]]) -> Iterator[tuple[Category, Severity, int, int]]:
    undisguised = _WORD_WITH_DISGUISE.sub(lambda match: _undisguise(match[0]), shown)
    seen: set[tuple[int, int]] = set()
    for category, severity, pattern in _WORD_RULES:
        for variant in (shown, undisguised):
            for match in pattern.finditer(variant):
                inside_link = any(start <= match.start() < end for start, end in links)
                if match.span() not in seen and not inside_link:
                    seen.add(match.span())
                    yield category, severity, *match.span()
    for match in _SIGNS.finditer(shown):
        yield Category.CANNABIS, Severity.REFUSED if match[0] in _REFUSED_SIGNS else Severity.RISKY, *match.span()
    for match in _SHORT_LINK.finditer(shown):
        yield Category.SHORTENED_LINK, Severity.REFUSED, *match.span()
    for match in _SHOUTED.finditer(shown):
        yield Category.SHOUTING, Severity.RISKY, *match.span()


def _undisguise(word: str) -> str:
    """w33d is weed; 2-for-1, $35 and 100% are what they are. A word is disguised only if it also has letters."""
    core = word.rstrip("!")
    return core.translate(_DISGUISES) + word[len(core) :] if any(sign.isalpha() for sign in core) else word


def _without_invisible(text: str) -> tuple[str, list[int]]:
    """The text a reader sees, and for each of its characters where it stood."""
    origins = [index for index, sign in enumerate(text) if sign not in _INVISIBLE]
    return "".join(text[index] for index in origins), origins
