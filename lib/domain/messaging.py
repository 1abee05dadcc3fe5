"""The messaging settings of one org: what may be sent, in whose name, how often, and on which occasions by itself.

Everything is off until somebody switches it on. Keys of vendors are no settings (lib/platform/secrets.py). Names in
documents and in callers' input are those of the fields in camel case.
"""

import functools
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from lib.domain.consent import Channel
from lib.domain.contacts import normalise_email
from lib.domain.errors import InvalidInput
from lib.domain.frequency import DEFAULT_CAPS, Cap, MessageType
from lib.domain.ids import fingerprint
from lib.domain.json_pointer import json_pointer
from lib.domain.message_variables import OCCASIONS
from lib.domain.message_wording import EmailTemplate, SmsTemplate, check
from lib.domain.segments import Segment
from lib.domain.settings_fields import Text, Value
from lib.domain.sms import AGE_LINE, OPT_OUT_LINE, Wording

AUTOMATIONS = (
    MessageType.WELCOME,
    MessageType.BIRTHDAY,
    MessageType.ANNIVERSARY,
    MessageType.WINBACK,
    MessageType.TIER_GAINED,
    MessageType.TIER_LAPSING,
    MessageType.POINTS_EXPIRING,
    MessageType.SEGMENT_ENTERED,
)
"""Occasions on which a message can be sent without anybody asking for it."""

_AutomationName: TypeAlias = Literal[
    "welcome",
    "birthday",
    "anniversary",
    "winback",
    "tier_gained",
    "tier_lapsing",
    "points_expiring",
    "segment_entered",
]
# Stands in headers too, which no value may break.
_Line: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f\x85\u2028\u2029]*$"),
]
_STOP = re.compile(r"\bstop\b", re.IGNORECASE)
_Address: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
_Url: TypeAlias = Annotated[str, StringConstraints(max_length=1000, pattern=r"^(https://[^\s<>\"\\]+)?$")]
_Template: TypeAlias = Annotated[str, StringConstraints(max_length=100_000)]


class CapSetting(Value):
    """At most `count` marketing messages in any `hours`."""

    count: Annotated[int, Field(ge=1, le=100)]
    hours: Annotated[int, Field(ge=1, le=24 * 90)]


_Caps: TypeAlias = Annotated[tuple[CapSetting, ...], Field(min_length=1, max_length=5, strict=False)]


def _default_caps(channel: Channel) -> tuple[CapSetting, ...]:
    return tuple(
        CapSetting(count=cap.count, hours=int(cap.window.total_seconds() // 3600)) for cap in DEFAULT_CAPS[channel]
    )


class SmsSettings(Value):
    """api: which generation of Blackleaf's the account speaks. per_minute: how many texts the account may send, 100
    unless the vendor has agreed to more. opt_out_line: what ends a marketing text, in whatever language."""

    enabled: bool = False
    api: Literal["v2", "v1"] = "v2"
    per_minute: Annotated[int, Field(ge=1, le=60_000)] = 100
    opt_out_line: _Line = OPT_OUT_LINE
    caps: _Caps = _default_caps(Channel.SMS)

    @model_validator(mode="after")
    def _names_the_way_out(self) -> Self:
        if not _STOP.search(self.opt_out_line):
            raise _refused("opt_out", "must tell readers to write STOP", "optOutLine")
        return self


class EmailSettings(Value):
    """from_email: an address whose domain the account may send for. postal_address: what the law wants at the end of
    advertising (CAN-SPAM). quiet_hours: whether e-mails keep to the hours of texts."""

    enabled: bool = False
    from_name: _Line = ""
    from_email: _Address = ""
    postal_address: Text = ""
    unsubscribe_mailbox: _Address = ""
    quiet_hours: bool = True
    caps: _Caps = _default_caps(Channel.EMAIL)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, value in (("fromEmail", self.from_email), ("unsubscribeMailbox", self.unsubscribe_mailbox)):
            if value and normalise_email(value) is None:
                raise _refused("address", "is not an e-mail address", name)
        for name, value in (("fromEmail", self.from_email), ("postalAddress", self.postal_address)):
            if self.enabled and not value:
                raise _refused("required", "is required to send e-mail", name)
        return self


class SmsWords(Value):
    """A text's template."""

    body: _Template
    image_url: _Url = ""


class EmailWords(Value):
    """An e-mail's templates; without HTML the text is shown as it is."""

    subject: _Template
    body: _Template
    html_body: _Template = ""


class Automation(Value):
    """What is sent on one occasion, on each channel that has words. link_url: where the variable `link` leads.

    bonus_points: what the occasion is worth, on top of the message. cap: how often one customer has this occasion at
    most, None for every time; the caps of the channels hold besides. after_days: of win-back, after so many days
    without an order. segments: of entering a segment, which ones; none means any.
    """

    enabled: bool = False
    sms: SmsWords | None = None
    email: EmailWords | None = None
    link_url: _Url = ""
    bonus_points: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    cap: CapSetting | None = None
    after_days: Annotated[int, Field(ge=7, le=730)] = 60
    segments: Annotated[tuple[Annotated[Segment, Field(strict=False)], ...], Field(max_length=9, strict=False)] = ()

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.enabled and not (self.sms or self.email):
            raise _refused("required", "has no words for any channel", "enabled")
        return self

    @property
    def templates(self) -> tuple[SmsTemplate | EmailTemplate, ...]:
        """The words of each channel that has some."""
        sms = (SmsTemplate(self.sms.body, self.sms.image_url),) if self.sms else ()
        words = self.email
        email = (EmailTemplate(words.subject, words.body, words.html_body),) if words else ()
        return (*sms, *email)


class MessagingSettings(Value):
    """paused: nothing is sent, and waits as long as it makes sense. shop_name: the variable `orgName`. state: two
    letters, whose hours for texts count for everybody. age_line: what advertising has to say, "" where nothing.
    automation_hour: when the shop's clock shows it, birthdays and other dates are seen to."""

    paused: bool = False
    shop_name: _Line = ""
    state: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    age_line: _Line = AGE_LINE
    sms: SmsSettings = SmsSettings()
    email: EmailSettings = EmailSettings()
    automations: dict[_AutomationName, Automation] = Field(default_factory=dict)
    automation_hour: Annotated[int, Field(ge=8, le=20)] = 10

    @functools.cached_property
    def version(self) -> str:
        """Names these settings; the same ones have the same name."""
        return fingerprint(self.model_dump(mode="json"))[:12]

    def is_on(self, channel: Channel) -> bool:
        return (self.sms if channel is Channel.SMS else self.email).enabled

    def caps(self, channel: Channel) -> tuple[Cap, ...]:
        caps = (self.sms if channel is Channel.SMS else self.email).caps
        return tuple(Cap(cap.count, timedelta(hours=cap.hours)) for cap in caps)

    @property
    def wording(self) -> Wording:
        """What ends a marketing text."""
        return Wording(self.sms.opt_out_line, self.age_line)

    def automation(self, kind: MessageType) -> Automation | None:
        """What is sent on this occasion; None if nothing is."""
        found = next((each for name, each in self.automations.items() if name == kind), None)
        return found if found and found.enabled else None


DEFAULT_MESSAGING = MessagingSettings()


def validated_messaging(document: object) -> MessagingSettings:
    """The settings of a document; absent fields are defaults, templates are checked for their occasion.

    Raises InvalidInput with the JSON pointer of the first field that is wrong or unknown.
    """
    if not isinstance(document, Mapping):
        raise InvalidInput("must be an object")
    try:
        settings = MessagingSettings.model_validate(dict(document), by_alias=True, by_name=False)
    except ValidationError as refusal:
        error = refusal.errors(include_url=False, include_input=False)[0]
        path = [*(part for part in error["loc"] if part != "[key]"), *error.get("ctx", {}).get("at", ())]
        known = {"extra_forbidden": "is not a known field", "missing": "is required"}
        raise InvalidInput(known.get(error["type"], error["msg"]), pointer=json_pointer(path)) from None
    for name, automation in settings.automations.items():
        if automation.bonus_points and "bonusPoints" not in OCCASIONS[MessageType(name)]:
            raise InvalidInput("is not given on this occasion", pointer=f"/automations/{name}/bonusPoints")
        for template in automation.templates:
            check(template, MessageType(name), pointer=f"/automations/{name}/{template.channel}")
    return settings


def updated_messaging(current: MessagingSettings, change: object) -> MessagingSettings:
    """`current` with the fields of `change`, nested objects key by key, lists whole; an automation that is null goes.

    Raises InvalidInput as validated_messaging does.
    """
    if not isinstance(change, Mapping):
        raise InvalidInput("must be an object")
    return validated_messaging(_merged(to_messaging_document(current), change))


def to_messaging_document(settings: MessagingSettings) -> dict[str, Any]:
    """All settings under their names in documents; what validated_messaging reads back as equal."""
    return settings.model_dump(mode="json", by_alias=True)


def _merged(old: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in change.items():
        known = merged.get(name)
        merged[name] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
        if name == "automations" and isinstance(value, Mapping):
            merged[name] = {kind: each for kind, each in merged[name].items() if each is not None}
    return merged


def _refused(kind: str, message: str, *at: str) -> PydanticCustomError:
    """An error at `at`, relative to the value being validated."""
    return PydanticCustomError(kind, "{why}", {"why": message, "at": at})
