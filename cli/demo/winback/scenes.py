"""The campaign from its draft to its results, by callables, queues, schedules and the vendors' sandboxes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from cli.demo.contacts import NO_CONTACT
from cli.demo.documents import Line, order_money, pos_order, pos_order_id
from cli.demo.report import Json
from cli.demo.shop import totals
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import UnexpectedAnswer
from cli.demo.winback import mailbox
from cli.demo.winback.desk import Desk
from cli.demo.winback.mailbox import Mailbox
from cli.demo.winback.opening import open_for_business
from cli.demo.winback.people import EMAIL, SMS, Person, people
from cli.demo.winback.verdict import Seen, address_of, differences
from cli.demo.year.jobs import AGE, Jobs
from emulator.client import StackClient
from emulator.stack import Stack
from lib.domain.settings import DEFAULT_SETTINGS

# Of an old export nobody is only at risk any more.
_SEGMENTS = ("at_risk", "churned", "slipping")
_AUDIENCE_MAX = 60
_HOLDOUT_PERCENT = 10
_PAGE = "https://shop.example/menu"
_SMS = (
    "{{orgName}} has not seen you for {{daysSinceLastVisit}} days. {% if loyaltyPoints >= 100 %}Your"
    " {{loyaltyPoints}} points are waiting{% else %}Come and see what is new{% endif %}: {{link}}"
)
_SUBJECT = "It has been {{daysSinceLastVisit}} days"
_BODY = (
    "Hello {{firstName}},\n\nyou have {{loyaltyPoints}} points with us, and we have not seen you for"
    " {{daysSinceLastVisit}} days.\n\n{{link}}"
)
# At this hour it is night for the shop's neighbours and not yet for who lives further west; at the other it is day for
# everybody. On Sundays some states let nobody text.
_ZONE = ZoneInfo(DEFAULT_SETTINGS.time_zone)
_EVENING, _MORNING = time(21, 40), time(13)
_SATURDAY = 5
# E-mails of a mailing go out together, after a moment of waiting for one another.
_TOGETHER = timedelta(minutes=1)
_CLICKS, _BUYERS = 5, 2
_BASKET = [Line("sku-402", "Pour-over set", 1, 49.99), Line("sku-101", "House blend, 1 oz", 2, 14.99)]
_FIRST_NUMBER = 9_900_001
_DRAIN_SECONDS = 300.0


def win_back(stack: Stack, client: firestore.Client, api: StackClient) -> Json | None:
    """Plays everything in turn, by moving the clock, on a stack with sandboxes in which the org's accounts are open;
    what happened, None where there is nobody to win back. Raises UnexpectedAnswer, CallFailed and JobFailed."""
    segment, meant = _meant(client)
    if not meant:
        return None
    jobs, box = Jobs(stack, stack.clock), Mailbox(stack)
    try:
        return _Campaign(stack, client, api, Desk(api), jobs, box, segment, meant).play()
    finally:
        box.close()
        jobs.close()


def _meant(client: firestore.Client) -> tuple[str, list[Person]]:
    """The first segment that anybody is in, and some of it or all."""
    ours = client.collection("customers").where(filter=FieldFilter("orgId", "==", ORG_ID))
    for segment in _SEGMENTS:
        found = ours.where(filter=FieldFilter("segment", "==", segment)).stream()
        if meant := people({each.id: each.to_dict() or {} for each in found}, _AUDIENCE_MAX):
            return segment, meant
    return "", []


@dataclass(slots=True)
class _Campaign:
    """One campaign. stop: who wanted no text while it was waiting; left: who unsubscribed from e-mails."""

    stack: Stack
    client: firestore.Client
    api: StackClient
    desk: Desk
    jobs: Jobs
    box: Mailbox
    segment: str
    meant: Sequence[Person]
    id: str = ""
    stop: Person | None = None
    left: Person | None = None
    texts: list[Json] = field(default_factory=list)
    mails: list[Json] = field(default_factory=list)

    def play(self) -> Json:
        self.stack.clock.set(evening := _evening(self.stack.clock.now()))
        open_for_business(self.desk, self.client, self.meant, evening)
        self.api.drain(_DRAIN_SECONDS)
        name = self._make()
        preview = self.desk.call("preview_campaign", campaignId=self.id)
        at_once = self._send()
        answers = self._stop_one()
        self.stack.clock.set(_at(evening + timedelta(days=1), _MORNING))
        self.jobs.drain()
        self.texts = [each for each in self.box.texts() if each["id"] not in answers]
        self.mails = self.box.mails()
        for messages in (self.texts, self.mails):
            # Which of two arrives first is chance.
            messages.sort(key=address_of)
        self.stack.clock.move(timedelta(hours=1))
        clicks = self._react()
        self.stack.clock.move(timedelta(hours=3))
        came_back = self._buy()
        # Two days have gone by, and with them some customers have come to be due.
        self.jobs.call("follow_campaigns", AGE)
        results = self.desk.call("campaign_results", campaignId=self.id)
        return {
            "segment": self.segment,
            "name": name,
            "preview": preview,
            "texts": len(self.texts),
            "textsAtOnce": at_once,
            "mails": len(self.mails),
            "stopped": {"customerId": self.stop.customer_id, "answers": list(answers.values())} if self.stop else None,
            "unsubscribed": self.left.customer_id if self.left else None,
            "clicks": clicks,
            "shown": [*self.texts[:1], *self.mails[:1]],
            "cameBack": came_back,
            "results": results,
            "differences": self._differences(preview, results, came_back),
        }

    def _make(self) -> str:
        """A draft that the segment fills in, but for who of a large one is meant; its name."""
        audience = {
            "type": "custom",
            "segments": [self.segment],
            "customerIds": [person.customer_id for person in self.meant],
        }
        made = self.desk.do(
            "create_campaign",
            segmentId=self.segment,
            content={"sms": {"body": _SMS}, "email": {"subject": _SUBJECT, "body": _BODY}},
            holdoutPercent=_HOLDOUT_PERCENT,
            linkUrl=_PAGE,
            **({"audience": audience} if len(self.meant) == _AUDIENCE_MAX else {}),
        )
        self.id = made["campaign"]["id"]
        return str(made["campaign"]["name"])

    def _send(self) -> int:
        """Begins, and waits until every message was looked at once; how many texts have gone out."""
        self.desk.do("send_campaign", campaignId=self.id)
        self.jobs.drain(within=timedelta(0))
        self.stack.clock.move(_TOGETHER)
        self.jobs.drain()
        return len(self.box.texts())

    def _stop_one(self) -> dict[str, str]:
        """The last of those whose texts wait for the morning wants none; what is answered, by the id of that text."""
        ours = self.client.collection("customer_communications").where(filter=FieldFilter("campaignId", "==", self.id))
        kept = [each.to_dict() or {} for each in ours.stream()]
        waits = {each["customerId"] for each in kept if (each["channel"], each["state"]) == (SMS, "queued")}
        waiting = [person for person in self.meant if person.customer_id in waits]
        if not waiting:
            return {}
        self.stop, before = waiting[-1], {each["id"] for each in self.box.texts()}
        self.box.reply(self.stop.addresses[SMS], "Stop")
        self.jobs.drain()
        return {each["id"]: each["body"] for each in self.box.texts() if each["id"] not in before}

    def _react(self) -> int:
        """All arrives, every second e-mail is opened, some follow their text's link, somebody unsubscribes; how many
        have followed a link."""
        self.box.deliver(self.texts)
        for mail in self.mails[::2]:
            self.box.open(mail)
        clicked = self.texts[:_CLICKS]
        if any(mailbox.click(text) != _PAGE for text in clicked):
            raise UnexpectedAnswer("a text's link leads elsewhere")
        for mail in self.mails[-1:]:
            mailbox.unsubscribe(mail)
            self.left = next(each for each in self.meant if each.addresses[EMAIL] == mail["to"])
        self.jobs.drain()
        self.jobs.call("follow_campaigns")
        return len(clicked)

    def _buy(self) -> list[Json]:
        """Of those who have followed the link some come back, if the till knows them."""
        owners = {person.addresses[SMS]: person.customer_id for person in self.meant if SMS in person.channels}
        clicked = [owners.get(address_of(text), "").removeprefix(f"{ORG_ID}_") for text in self.texts[:_CLICKS]]
        money = totals(_BASKET)
        bought: list[Json] = []
        for number, pos_id in enumerate([each for each in clicked if each.isdecimal()][:_BUYERS], _FIRST_NUMBER):
            order_id, now = pos_order_id(str(number)), self.stack.clock.now()
            order = pos_order(ORG_ID, order_id, pos_id, NO_CONTACT, phone_style=0, at=now)
            order |= order_money(_BASKET, money) | {"status": "completed"}
            self.client.document("orders", order_id).set(order)
            bought.append({"customerId": f"{ORG_ID}_{pos_id}", "orderId": order_id, "cents": money.total_cents})
        self.api.drain(_DRAIN_SECONDS)
        self.jobs.drain()
        for each in bought:
            each["segment"] = self.client.document("customers", each["customerId"]).get().get("segment")
        return bought

    def _differences(self, preview: Json, results: Json, came_back: Sequence[Json]) -> list[str]:
        recipients: Any = self.client.collection("campaigns", self.id, "recipients").stream()
        seen = Seen(
            people=self.meant,
            sent=[*self.texts, *self.mails],
            recipients=[each.to_dict() for each in recipients],
            preview=preview,
            results=results,
            stopped={self.stop.customer_id} if self.stop else set(),
            left={self.left.customer_id} if self.left else set(),
            cents={each["orderId"]: each["cents"] for each in came_back},
        )
        return differences(seen)


def _evening(now: datetime) -> datetime:
    """The next one that no Sunday follows."""
    evening = _at(now, _EVENING)
    while evening <= now or evening.weekday() == _SATURDAY:
        evening = _at(evening + timedelta(days=1), _EVENING)
    return evening


def _at(day: datetime, clock: time) -> datetime:
    """What time it is when the shop's clocks show this on its day."""
    return datetime.combine(day.astimezone(_ZONE).date(), clock, _ZONE)
