"""Replies as people write them: a stop is heard in any form, and a start never by mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.replies import ReplyKind, answer, classify
from lib.domain.sms import measure

STOPS = [
    "STOP", "stop", "Stop.", "STOP!!!", " stop ", "S T O P", "stopall", "Stop all", "QUIT", "End", "cancel", "REVOKE",
    "opt out", "OPT-OUT", "optout", "Unsubscribe", "unsubscribe me please", "unsuscribe", "Unsub", "arrêt", "ARRET",
    "arrêtez", "alto", "Alto por favor", "PARAR", "baja", "cancelar", "🛑", "🛑🛑", "ＳＴＯＰ", "stopp", "sotp",
    "please stop texting me", "Please stop", "stop it", "STOP texting!!! 😡", "I said stop", "ok stop thanks",
    "no, stop", "No please stop", "stop at once", "why won't you stop texting me", "you never stop texting me",
    "just STOP already",
    "don't text me", "Do not contact me again", "dont message me anymore", "never text this number again",
    "remove me", "Remove me from your list", "take me off this list", "get me off of this", "delete my number",
    "wrong number", "You have the wrong person", "leave me alone", "lose my number", "quit texting me",
    "no more messages please", "no more texts", "I don't want these texts", "I no longer want your messages",
    "i do not wish to receive any more messages", "I'd like to opt out of this", "revoke my consent", "not interested",
    "this is spam", "help me stop this", "who is this? stop", "START? no, STOP", "no me escriban", "no más mensajes",
    "dejen de escribirme", "quiero darme de baja", "plus de messages svp", "don’t text me",
    "no more", "No more!!", "no more please", "please, no more", "no texts", "no SMS please", "no longer interested",
    "Enough", "enough already!", "enough is enough", "not anymore", "no más", "no mas por favor", "blocked",
    "I don't want this", "i dont want these", "I no longer want these", "I want out", "off your mailing list please",
    "I never signed up for this", "I didn't subscribe", "did not consent to this", "f u c k you? no: fuck you",
    "cut it out", "knock it off", "unsubscribe please", "stop 2 end",
]  # fmt: skip
OTHERS = [
    "", " ", "👍", "yes", "YES!", "no", "no thanks", "ok", "thanks!", "Don't stop!", "please don't stop texting me",
    "I'll stop by tomorrow", "can I stop in at 5?", "Is the bus stop near you?", "cancel my order please",
    "until the end of May", "at the weekend", "when do you open", "get me two please", "take me there", "nonstop fun",
    "no more left?", "I need no more than two",
    "do you have no more of the blue ones?", "is it enough for two?", "which block are you on?", "no pickles please",
    "what do I no longer need?", "can we start over?",
    "Love these texts!", "helpful, thanks", "I started my day", "para mi hermana",
]  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_a_stop_is_heard_in_any_form(text: str) -> None:
    assert classify(text) is ReplyKind.STOP
    assert classify(text.upper()) is ReplyKind.STOP


@pytest.mark.parametrize(
    "text", ["HELP", "help", "Help!", "info", "ayuda", "aide", "help please", "who is this", "Who?"]
)
def test_help_is_heard(text: str) -> None:
    assert classify(text) is ReplyKind.HELP


@pytest.mark.parametrize(
    "text",
    ["START", "start.", "Unstop", "START please", "resubscribe", "opt in", "OPT-IN", "opt me back in", "subscribe"],
)
def test_a_start_is_heard(text: str) -> None:
    assert classify(text) is ReplyKind.START


@pytest.mark.parametrize("text", OTHERS)
def test_everything_else_is_for_people_to_read(text: str) -> None:
    assert classify(text) is ReplyKind.OTHER


@given(st.text(max_size=3000))
def test_any_text_is_classified(text: str) -> None:
    assert classify(text) in ReplyKind


@pytest.mark.parametrize("kind", [ReplyKind.STOP, ReplyKind.HELP, ReplyKind.START])
def test_answers_name_the_shop_and_the_way_out_in_one_part(kind: ReplyKind) -> None:
    text = answer(kind, "Corner Shop", "+1 212 555 0123")

    assert text is not None
    assert text.startswith("Corner Shop")
    assert ("START" if kind is ReplyKind.STOP else "STOP") in text
    assert measure(text).segments == 1


def test_only_help_tells_how_to_reach_the_shop_and_what_is_unclear_gets_no_answer() -> None:
    assert "hello@shop.example" in (answer(ReplyKind.HELP, "Shop", "hello@shop.example") or "")
    assert "For help" not in (answer(ReplyKind.HELP, "Shop") or "")
    assert answer(ReplyKind.OTHER, "Shop") is None
