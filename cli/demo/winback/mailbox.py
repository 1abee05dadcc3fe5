"""What customers have in hand, at the vendors' sandboxes: they read it, follow its links, write back, unsubscribe."""

import re
from collections.abc import Sequence

import requests

from cli.demo.report import Json
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import UnexpectedAnswer
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.platform import secrets

PER_MINUTE = 6_000
"""Texts the shop's account may send: as many as it likes, so that nobody has to wait for a demo."""

_SECONDS = 30
_SHORT_LINK = re.compile(r"https?://\S+/click/\S+")
_UNSUBSCRIBE_LINK = re.compile(r"https?://\S+/unsubscribe\?token=\S+")
_GROUPED = 50


class Mailbox:
    """The shop's accounts at Blackleaf and Mailjet, which have been opened, and everything that went out by them."""

    def __init__(self, stack: Stack) -> None:
        self._texts, self._mails = (SandboxClient(stack.vendors, vendor) for vendor in ("blackleaf", "mailjet"))
        self._text_key = secrets.blackleaf_key(ORG_ID) or ""
        self._mail_key, _ = secrets.mailjet_keys(ORG_ID) or ("", "")
        self._texts.put_account(self._text_key, perMinute=PER_MINUTE)

    def close(self) -> None:
        self._texts.close()
        self._mails.close()

    def texts(self) -> list[Json]:
        """All texts, oldest first."""
        return self._texts.inbox()

    def mails(self) -> list[Json]:
        """All e-mails, oldest first."""
        return self._mails.inbox()

    def deliver(self, texts: Sequence[Json]) -> None:
        """The vendors say that these texts, and all e-mails, have arrived."""
        for text in texts:
            receipt = {"statuses": ["delivered"], "to": text["to"]}
            self._told(self._texts.ask("POST", f"/accounts/{self._text_key}/receipts", receipt))
        events = {"events": ["sent"], "grouped": _GROUPED}
        self._told(self._mails.ask("POST", f"/accounts/{self._mail_key}/events", events))

    def open(self, mail: Json) -> None:
        """Somebody opens an e-mail."""
        events = {"events": ["open"], "to": mail["to"]}
        self._told(self._mails.ask("POST", f"/accounts/{self._mail_key}/events", events))

    def reply(self, phone: str, body: str) -> None:
        """Somebody with this number writes a text to the shop."""
        reply = {"from": phone.removeprefix("+"), "body": body}
        self._told(self._texts.ask("POST", f"/accounts/{self._text_key}/replies", reply))

    def _told(self, answer: Json) -> None:
        if any(status != requests.codes.ok for status in answer["statuses"]):
            raise UnexpectedAnswer(f"a webhook of ours answered {answer['statuses']}")


def click(text: Json) -> str:
    """Somebody follows the link of a text; where it leads."""
    answer = requests.get(_link(_SHORT_LINK, text["body"]), timeout=_SECONDS, allow_redirects=False)
    if answer.status_code != requests.codes.found:
        raise UnexpectedAnswer(f"a text's link answered {answer.status_code}")
    return answer.headers["Location"]


def unsubscribe(mail: Json) -> None:
    """Somebody presses the button on the page behind an e-mail's link."""
    url = _link(_UNSUBSCRIBE_LINK, mail["text"])
    answer = requests.post(url, data={"choice": "unsubscribe"}, timeout=_SECONDS)
    if answer.status_code != requests.codes.ok:
        raise UnexpectedAnswer(f"an unsubscribe link answered {answer.status_code}")


def _link(kind: re.Pattern[str], body: str) -> str:
    found = kind.search(body)
    if found is None:
        raise UnexpectedAnswer(f"a message without its link: {body}")
    return found.group()
