"""The words of a message before they are filled in: a template for texts, one for e-mails, each with an id of its own.

A template never changes: its id derives from its words. So whoever approved a message knows what is sent, whatever has
become of the campaign or the setting it was taken from.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from lib.domain import templates
from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.ids import derived_id
from lib.domain.message_variables import occasion_variables
from lib.domain.templates import Part


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """A text. `image_url` makes it an MMS, "" for none."""

    body: str = field(repr=False)
    image_url: str = ""

    @property
    def channel(self) -> Channel:
        return Channel.SMS

    @property
    def parts(self) -> tuple[tuple[str, Part, str], ...]:
        """(field, part, source) of each template."""
        return (("body", Part.SMS, self.body),)


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """An e-mail; without `html` the text is shown as it is."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    html: str = field(default="", repr=False)

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL

    @property
    def parts(self) -> tuple[tuple[str, Part, str], ...]:
        """(field, part, source) of each template."""
        parts = (("subject", Part.SUBJECT, self.subject), ("body", Part.TEXT, self.body))
        return (*parts, ("htmlBody", Part.HTML, self.html)) if self.html else parts


Template: TypeAlias = SmsTemplate | EmailTemplate


def template_id(org_id: str, template: Template) -> str:
    """The id of these words in this org."""
    words = (source for _, _, source in template.parts)
    image = template.image_url if isinstance(template, SmsTemplate) else ""
    return derived_id("message_template", org_id, template.channel, image, *words)


def check(template: Template, kind: MessageType, *, pointer: str = "") -> None:
    """Raises InvalidInput naming the field and the place in it, if these words cannot make a message of this type."""
    for name, part, source in template.parts:
        templates.check(source, part, pointer=f"{pointer}/{name}", extra=occasion_variables(kind))
