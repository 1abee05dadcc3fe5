"""What a customer's text back to us means: stop, start, help or something for a person to read; and what we answer.

A person may revoke consent by any reasonable means (47 CFR 64.1200(a)(10)), so STOP is also understood inside a
sentence, misspelt, and in the languages our customers write. In doubt it is a stop: a customer lost by mistake can
write START, an unwanted message cannot be taken back. START must be unmistakable for the same reason.
"""

import re
import unicodedata
from enum import StrEnum


class ReplyKind(StrEnum):
    """STOP comes before HELP, HELP before START: "help me stop this" is a stop."""

    STOP = "stop"
    HELP = "help"
    START = "start"
    OTHER = "other"


# Longer ones are read only this far; an instruction comes first.
_LENGTH_MAX = 1000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split(","))


# By themselves (also with "please", "now", "thanks") they mean one thing; inside a sentence ("cancel my order", "at the
# end of May") another. The first six are named in the rule.
_STOP_ALONE = _words(
    "stop quit end revoke cancel unsubscribe stopall optout unsub remove arret arreter arretez alto parar pare para"
    " detener detente baja cancelar cancela desuscribir desuscribirme fin basta desinscrire nomore salir"
)
# The same of several words: "no more left?" and "I need no more than two" are about goods.
_STOP_PHRASES = _phrases(
    "no more, no mas, no text, no texts, no texting, no sms, no messages, no mensajes, no longer, not anymore, "
    "no longer want, no longer want these, i no longer want, i no longer want these, dont want, dont want these, "
    "i dont want, i dont want these, i do not want, i do not want these, want out, i want out, enough, "
    "enough is enough, cut out, knock off, block, blocked, blocking, i am blocking you, im blocking you"
)
_HELP_ALONE = _words("help info aide ayuda support who")
_START_ALONE = _words("start unstop resubscribe subscribe optin comenzar empezar iniciar")
_POLITE = _words(
    "please pls plz thanks thank you thx ty now already me us it this all ok okay just the hey hi immediately today"
    " por favor gracias ya svp merci s'il vous plait sir maam"
)
# "Stop" anywhere stops, unless it is the stop of a bus or a visit, or is asked not to. "Why won't you stop", "you never
# stop texting" and "no, stop" do mean it.
_STOP_WORD = r"(?:stops?|stopp?ing|stopp|stopall|stp|sto|sotp|stpo|stahp)"
_STOPS_SOMETHING_ELSE = re.compile(
    r"(?<!you )(?<!u )\b(?:dont|do not)\s+(?:ever\s+|please\s+)?stop\b"
    r"|\b(?:never|cant|cannot)\s+stop\b(?!\s+(?:text|messag|send|spam|sms|contact))"
    r"|\bstop(?:ping|ped)?\s+(?:by|in|at(?! once)|over|off|into|near|there|through|here)\b"
    r"|\b(?:bus|train|pit|rest|next|last|first|one|short|quick|truck)\s+stops?\b|\bnon ?stop\b"
)
_STOP_INSIDE = re.compile(
    rf"\b{_STOP_WORD}\b"
    r"|\bunsub\w*|\bun ?su[bs]?c?s?cri\w*|\bopt(?:ing|ed)?\s?(?:me\s)?out\b|\brevok\w+"
    r"|\b(?:dont|do not|never|quit|cease|no more|no longer|end|cancel|hate)\s+(?:ever\s+|please\s+|want\s+|wish\s+"
    r"|your?\s+|these\s+|the\s+|all\s+|any\s+|more\s+|to\s+|get\s+|receive\s+|send(?:ing)?\s+|me\s+)*"
    r"(?:texts?|texting|messag\w*|msgs?|sms|contact\w*|spam\w*|marketing|promos?|promotions?|ads?|subscription)\b"
    r"|\b(?:dont|do not|never)\s+(?:ever\s+)?(?:contact|text|message|bother|write|call|send)\b"
    r"|\b(?:remove|delete)\s+(?:me|us|my (?:phone )?(?:number|name|info))\b"
    r"|\b(?:take|get)\s+(?:me|us|my (?:phone )?(?:number|name|info))\s+(?:off|out|from)\b"
    r"|\b(?:leave me alone|lose (?:my|this) number|wrong (?:number|person)|go away|do not disturb)\b"
    r"|\b(?:not|no longer) interested\b|\boff (?:of )?(?:the|your|this) (?:\w+ )?list\b"
    r"|\b(?:never|didnt|did not) (?:sign(?:ed)? up|subscribed?|agreed?|consent(?:ed)?)\b"
    r"|\b(?:cease and desist|this is spam|reported? (?:you|this|as spam)|fuck (?:off|you|u)|piss off)\b"
    r"|\bno (?:me )?(?:escrib\w+|envi\w+|mand\w+|llam\w+|molest\w+)|\bno mas (?:mensajes|textos|sms)\b"
    r"|\bdej(?:e|en|a|ar) de\b|\bdar(?:me|nos)? de baja\b|\b(?:plus|arret\w*) de (?:messages|sms|textos)\b"
    r"|\bdesinscri\w+|\bdesuscri\w+|\bdesabonner\b"
)
_HELP_INSIDE = re.compile(r"^(?:help|info)\b|\bwho (?:is this|are you|dis)\b|\bneed help\b|\bquien (?:es|eres)\b")
_START_INSIDE = re.compile(r"^(?:please )?(?:opt (?:me )?(?:back )?in|sign me (?:back )?up|resubscribe me)\b")


def classify(text: str) -> ReplyKind:
    """What a reply means. Case, accents, punctuation and emoji are ignored; empty is OTHER."""
    said = _folded(text)
    words = said.split()
    is_stop = _is_only(_STOP_ALONE, words) or " ".join(_core(words)) in _STOP_PHRASES
    if is_stop or _STOP_INSIDE.search(_STOPS_SOMETHING_ELSE.sub(" ", said)):
        return ReplyKind.STOP
    if _is_only(_HELP_ALONE, words) or _HELP_INSIDE.search(said):
        return ReplyKind.HELP
    if _is_only(_START_ALONE, words) or _START_INSIDE.search(said):
        return ReplyKind.START
    return ReplyKind.OTHER


def _is_only(keywords: frozenset[str], words: list[str]) -> bool:
    """Whether nothing but keywords and courtesies is said; also a keyword in pieces (S T O P, opt-in)."""
    core = set(_core(words))
    return (bool(core) and core <= keywords) or "".join(words) in keywords


def _core(words: list[str]) -> list[str]:
    return [word for word in words if word not in _POLITE]


def answer(kind: ReplyKind, org_name: str, contact: str = "") -> str | None:
    """The text to send back, once, whatever the hour and the state of consent; None where a person should read it.

    CTIA Messaging Principles §5.1.2 to 5.1.4: confirm a stop without any advertising, and say who is writing, how to
    reach them and how to stop in the answer to HELP. `contact` is a telephone number, address or page of the shop.
    """
    match kind:
        case ReplyKind.STOP:
            return f"{org_name}: You are unsubscribed and will get no more messages. Reply START to subscribe again."
        case ReplyKind.START:
            return (
                f"{org_name}: You are subscribed to messages again. Msg frequency varies. Msg & data rates may apply."
                " Reply HELP for help, STOP to opt out."
            )
        case ReplyKind.HELP:
            reach = f" For help: {contact}." if contact else ""
            return f"{org_name} alerts.{reach} Msg & data rates may apply. Reply STOP to opt out."
        case ReplyKind.OTHER:
            return None


def _folded(text: str) -> str:
    """Lower case ASCII words with single spaces. Apostrophes vanish: don't and dont are one word."""
    decomposed = unicodedata.normalize("NFKD", text[:_LENGTH_MAX].casefold())
    letters = "".join(" stop " if sign == "🛑" else sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^a-z0-9']+", " ", letters.replace("’", "'")).replace("'", "").split())
