"""Who may be written to after what has happened: a table, each line played through the deployed functions.

Nothing but an act of whoever holds the address lifts an objection: no import, merge, new profile, form, till or staff.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from lib.domain.consent import Channel
from tests.functions.messages.conftest import Shop

# What happens, from left to right; whether advertising and whether a receipt may then be sent to the customer, or why
# not. The words are methods of `Story`.
TABLE = """
channel  what happens                             marketing      transactional
both     nothing                                  no_consent     yes
both     flagged                                  yes            yes
both     flagged switched_off                     no_consent     yes
both     flagged switched_off granted             yes            yes
both     flagged link switched_on                 opted_out      yes
both     granted                                  yes            yes
both     granted switched_off                     opted_out      yes
both     revoked                                  opted_out      yes
both     granted revoked                          opted_out      yes
both     revoked granted                          opted_out      yes
both     revoked granted_again                    opted_out      yes
both     flagged revoked_all                      stopped        stopped
both     revoked_all granted                      stopped        stopped
both     flagged link                             opted_out      yes
both     link flagged                             opted_out      yes
both     link granted                             opted_out      yes
both     link imported                            opted_out      yes
both     imported link merged                     opted_out      yes
both     link merged                              opted_out      yes
both     link reborn                              opted_out      yes
both     link link_again                          yes            yes
both     link link_again link                     opted_out      yes
both     revoked link_again                       yes            yes
both     revoked_all link_again                   yes            yes
both     flagged archived                         archived       archived
both     flagged test_account                     test_account   test_account
sms      stop                                     stopped        stopped
sms      flagged stop                             stopped        stopped
sms      stop granted                             stopped        stopped
sms      stop flagged                             stopped        stopped
sms      stop imported merged                     stopped        stopped
sms      stop reborn                              stopped        stopped
sms      stop start                               yes            yes
sms      start                                    yes            yes
sms      stop start stop                          stopped        stopped
sms      revoked start                            yes            yes
sms      stop start switched_off                  opted_out      yes
email    flagged bounced                          undeliverable  undeliverable
email    bounced granted                          undeliverable  undeliverable
email    bounced reborn                           undeliverable  undeliverable
email    bounced link_again                       yes            yes
email    flagged complained                       complained     complained
email    complained merged                        complained     complained
email    complained link_again                    yes            yes
email    flagged dashboard_row                    opted_out      yes
email    dashboard_row granted                    opted_out      yes
email    dashboard_row imported merged            opted_out      yes
email    flagged dashboard_suppression            complained     complained
email    dashboard_suppression link_again         yes            yes
email    flagged vendor_unsubscribe               opted_out      yes
"""

_numbers = count(1)


@dataclass
class Story:
    """One customer, one address, one channel; `flagged` and the others are what may happen."""

    shop: Shop
    channel: Channel
    address: str
    customer_id: str

    @property
    def contact(self) -> dict[str, str]:
        return {"phone" if self.channel is Channel.SMS else "email": self.address}

    @property
    def flag(self) -> str:
        return f"{self.channel.value}Consent"

    def nothing(self) -> None:
        """Somebody is a member; that is no consent."""

    def _change(self, **fields: object) -> None:
        self.shop.client.document("customers", self.customer_id).update(fields)

    def flagged(self) -> None:
        """The dashboard's check-in ticks the box."""
        self._change(**{self.flag: True})

    switched_on = flagged

    def switched_off(self) -> None:
        """The shopper or the dashboard writes the flag, without a date."""
        self._change(**{self.flag: False})

    def archived(self) -> None:
        self._change(archived=True)

    def test_account(self) -> None:
        self._change(isTestAccount=True)

    def _said(self, statement: str, **fields: str) -> None:
        who = {"customerId": self.customer_id, "channel": self.channel.value}
        self.shop.call("set_consent", **who, statement=statement, **fields)

    def granted(self) -> None:
        self._said("grant", wording="May we write to you about offers?", source="check_in")

    granted_again = granted

    def revoked(self) -> None:
        self._said("revoke_marketing", wording="No offers any more, please")

    def revoked_all(self) -> None:
        self._said("revoke_all")

    def link(self) -> None:
        self.shop.visit(self.shop.token(self.channel, self.address))

    def link_again(self) -> None:
        self.shop.visit(self.shop.token(self.channel, self.address), choice="subscribe")

    def imported(self) -> None:
        """A file brings the same address with a consent, as another profile."""
        self.shop.customer("imported", **self.contact, **{self.flag: True})

    def merged(self) -> None:
        """The profile becomes another one's, which has consent."""
        into = self.shop.customer("kept", **self.contact, **{self.flag: True})
        self._change(archived=True, mergedInto=into)
        self.customer_id = into

    def reborn(self) -> None:
        """The profile is deleted, and somebody enrols with the same address."""
        self.shop.client.document("customers", self.customer_id).delete()
        self.customer_id = self.shop.customer("reborn", **self.contact, **{self.flag: True})

    def _event(self, url: str, **fields: object) -> None:
        before = len(self.shop.inbox())
        self.shop.post(url, fields).raise_for_status()
        self.shop.worked(before + 1)

    def stop(self) -> None:
        reply = {"status": "replied", "from": self.address, "body": "stop"}
        self._event(self.shop.blackleaf_webhook, id=f"reply-{next(_numbers)}", **reply)

    def start(self) -> None:
        reply = {"status": "replied", "from": self.address, "body": "START"}
        self._event(self.shop.blackleaf_webhook, id=f"reply-{next(_numbers)}", **reply)

    def _mail(self, event: str, **fields: object) -> None:
        self._event(self.shop.mailjet_webhook, event=event, email=self.address, MessageID=next(_numbers), **fields)

    def bounced(self) -> None:
        self._mail("bounce", hard_bounce=True)

    def complained(self) -> None:
        self._mail("spam")

    def vendor_unsubscribe(self) -> None:
        self._mail("unsub")

    def dashboard_row(self) -> None:
        row = {"orgId": self.shop.org_id, "email": self.address, "channel": "email"}
        self.shop.client.collection("customer_unsubscribes").add({**row, "unsubscribedAt": "2026-01-05T09:00:00Z"})

    def dashboard_suppression(self) -> None:
        row = {"email": self.address, "reason": "complaint", "source": "ses_feedback"}
        self.shop.client.document("email_suppressions", self.address).set(
            {**row, "suppressedAt": "2026-01-05T09:00:00Z"}
        )


def lines() -> list[tuple[str, tuple[str, ...], str, str]]:
    found = []
    for line in TABLE.strip().splitlines()[1:]:
        channels, *steps, marketing, transactional = line.split()
        for channel in ("sms", "email") if channels == "both" else (channels,):
            found.append((channel, tuple(steps), marketing, transactional))
    return found


@pytest.mark.parametrize(("channel", "steps", "marketing", "transactional"), lines(), ids=lambda it: str(it))
def test_who_may_be_written_to(
    shop: Shop, channel: str, steps: tuple[str, ...], marketing: str, transactional: str
) -> None:
    unique = uuid.uuid4().int
    address = f"+1415555{unique % 8000 + 2000}" if channel == "sms" else f"ann.{unique}@example.com"
    story = Story(shop, Channel(channel), address, "")
    story.customer_id = shop.customer("1", **story.contact)
    for step in steps:
        happens: Callable[[], None] = getattr(story, step)
        happens()
    told = shop.told(channel=channel, customerId=story.customer_id)
    found = {purpose: "yes" if allowed else reason for purpose, (allowed, reason) in told.items()}
    assert found == {"marketing": marketing, "transactional": transactional}
