"""Before the campaign: the shop begins to send, and its customers have said what they have said of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from google.cloud import firestore

from cli.demo.shop_setup import ORG_ID
from cli.demo.winback.desk import Desk
from cli.demo.winback.mailbox import PER_MINUTE
from cli.demo.winback.people import EMAIL, SMS, Person, Said

_SETTINGS = {
    "shopName": "Demo shop",
    "sms": {"enabled": True, "perMinute": PER_MINUTE},
    "email": {
        "enabled": True,
        "fromName": "Demo shop",
        "fromEmail": "shop@example.com",
        "postalAddress": "Demo shop, 1 Main Street, Springfield",
    },
}
_ASKED = "May we send you offers? You can stop them at any time."
_OBJECTED = "No more offers, please."
_UNSUBSCRIBED_AGO = timedelta(days=9)


def open_for_business(desk: Desk, client: firestore.Client, people: Sequence[Person], now: datetime) -> None:
    """Switches texts and e-mails on. Of those who agree every other one does so at the till, the rest to the
    dashboard's check-in, which sets a flag; who has opted out has agreed before, and unsubscribed in the dashboard or
    objected at the till."""
    desk.do("update_messaging_settings", settings=_SETTINGS)
    batch = client.batch()
    for place, person in enumerate(people):
        spoken = [channel for channel, said in person.said.items() if said is not Said.NOTHING]
        at_the_till = [channel for channel in spoken if place % 2 and person.said[channel] is Said.AGREED]
        if flags := {f"{channel}Consent": True for channel in spoken if channel not in at_the_till}:
            batch.update(client.document("customers", person.customer_id), flags)
        if person.said[EMAIL] is Said.OPTED_OUT and (email := person.addresses[EMAIL]):
            row = {"orgId": ORG_ID, "email": email, "unsubscribedAt": now - _UNSUBSCRIBED_AGO}
            batch.create(client.collection("customer_unsubscribes").document(), row)
        for channel in at_the_till:
            _say(desk, person, channel, "grant", _ASKED)
        if person.said[SMS] is Said.OPTED_OUT:
            _say(desk, person, SMS, "revoke_marketing", _OBJECTED)
    batch.commit()


def _say(desk: Desk, person: Person, channel: str, statement: str, wording: str) -> None:
    if person.addresses[channel]:
        wish = {"channel": channel, "statement": statement, "source": "check_in", "wording": wording}
        desk.do("set_consent", customerId=person.customer_id, **wish)
