"""Text messages as the network counts them: alphabet, segments, and the lines every marketing text must end with.

GSM 7-bit alphabet and its extension table: 3GPP TS 23.038 §6.2.1. Concatenation leaves 153 septets or 67 UTF-16 units a
part (3GPP TS 23.040 §9.2.3.24.1: the header takes six octets of 140).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
# What word processors and telephones put in place of a plain sign. One of them makes a text cost more than twice.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f", " "),
        "…": "...",
        "•": "-",
        "\t": " ",
        "\u200b": None,
        "\u2060": None,
        "\ufeff": None,
    }
)

# Carriers join at most ten parts dependably; Blackleaf documents no limit of its own.
SEGMENTS_MAX = 10
OPT_OUT_LINE = "Reply STOP to opt out."
AGE_LINE = "21+ only."

# "Don't stop now" is no instruction; "Reply STOP" and "STOP to end" are.
_SAYS_HOW_TO_STOP = re.compile(
    r"\b(?:reply|text|txt|send)\s+[\"']?stop\b"
    r"|\bstop[\"']?\s*(?:=|to\s+(?:end|stop|cancel|quit|unsub\w*|opt[\s-]?out))",
    re.IGNORECASE,
)
_SAYS_AGE = re.compile(r"(?<!\d)21\s?\+|\b21 (?:and|or|&) (?:over|older|up)\b|\bmust be 21\b", re.IGNORECASE)


class Encoding(StrEnum):
    """The alphabet a text needs. UCS-2 is sent as UTF-16, so that an emoji is two units."""

    GSM_7 = "gsm_7"
    UCS_2 = "ucs_2"


@dataclass(frozen=True, slots=True)
class SmsSize:
    """What a text costs. `units` are septets or UTF-16 units; `segments` is what the carrier bills, 0 for no text;
    `costly` are the characters, each once, that force UCS-2."""

    encoding: Encoding
    units: int
    segments: int
    costly: tuple[str, ...]

    @property
    def too_long(self) -> bool:
        """Whether carriers may not deliver it as one message."""
        return self.segments > SEGMENTS_MAX


@dataclass(frozen=True, slots=True)
class Wording:
    """What ends a marketing text of one org; an empty `age` where no age limit applies (retail)."""

    opt_out: str = OPT_OUT_LINE
    age: str = AGE_LINE


def measure(text: str) -> SmsSize:
    """Encoding and segments of a text as it is."""
    costly = tuple(dict.fromkeys(sign for sign in text if sign not in _GSM_BASIC and sign not in _GSM_EXTENDED))
    if costly:
        widths = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
        return SmsSize(Encoding.UCS_2, sum(widths), _segments(widths, alone=70, joined=67), costly)
    widths = [2 if sign in _GSM_EXTENDED else 1 for sign in text]
    return SmsSize(Encoding.GSM_7, sum(widths), _segments(widths, alone=160, joined=153), ())


def _segments(widths: list[int], *, alone: int, joined: int) -> int:
    """How many parts hold characters of these widths. No part ends in the middle of an escape or a surrogate pair, so
    a text may need one more than its length says."""
    if sum(widths) <= alone:
        return 1 if widths else 0
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts


def plain(text: str) -> str:
    """The text with curly quotes, long dashes and invisible signs made plain, so that they do not cost a segment.
    Letters and emoji stay as they are: they carry meaning."""
    return text.translate(_PLAIN)


def marketing_text(body: str, wording: Wording = Wording()) -> str:
    """The body with whatever of the wording it does not say by itself, on a line of its own at the end.

    The opt-out line is CTIA's (Messaging Principles and Best Practices §5.1.3), the age line what cannabis shops owe.
    """
    text = plain(body).strip()
    missing = [
        line
        for line, said in ((wording.age, _SAYS_AGE), (wording.opt_out, _SAYS_HOW_TO_STOP))
        if line and not said.search(text)
    ]
    return "\n".join(part for part in (text, " ".join(missing)) if part)
