"""Whole messages from an author's templates: rendered, closed with what the law asks for, counted and linted.

The same function makes the preview and the message, so that what is approved is what is sent.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lib.domain.consent import Purpose
from lib.domain.errors import InvalidInput
from lib.domain.message_variables import Value
from lib.domain.sms import SmsSize, Wording, marketing_text, measure, plain
from lib.domain.sms_lint import Finding, lint
from lib.domain.templates import Part, Rendered, render

_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ComposedSms:
    """A text as it goes out. `closing` is what we have added at its end, "" for nothing. `findings` are about what the
    author and the values say, not about our closing lines; `missing` are variables this customer has no value for."""

    text: str
    closing: str
    size: SmsSize
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComposedEmail:
    """An e-mail as it goes out, in both forms."""

    subject: str
    html: str
    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What ends a marketing e-mail (CAN-SPAM, 15 U.S.C. 7704(a)(5)): how to stop it, and the shop's postal address.
    `age` is the cannabis wording, "" for none."""

    unsubscribe_url: str
    postal_address: str
    age: str = ""


def compose_sms(body: str, values: Mapping[str, Value], purpose: Purpose, wording: Wording) -> ComposedSms:
    """A text for one customer. Raises InvalidInput, with the field's pointer, for a bad template, an empty text, and
    one of too many segments."""
    rendered = _rendered("body", body, Part.SMS, values)
    said = plain(rendered.text).strip()
    text = marketing_text(said, wording) if purpose is Purpose.MARKETING else said
    size = measure(text)
    if size.too_long:
        detail = f"needs {size.segments} segments, more than carriers join"
        raise InvalidInput(detail, pointer="/body", reason="too_long")
    return ComposedSms(text, text.removeprefix(said).strip(), size, lint(said), rendered.missing)


def compose_email(
    subject: str, body: str, html_body: str | None, values: Mapping[str, Value], closing: Closing | None
) -> ComposedEmail:
    """An e-mail for one customer from the dashboard's three templates; without an HTML one, the text is shown as it is.

    `closing` belongs to marketing, None to transactional mail. Raises InvalidInput, with the field's pointer, for a bad
    template, an empty subject or body.
    """
    line = _rendered("subject", subject, Part.SUBJECT, values)
    text = _rendered("body", body, Part.TEXT, values)
    markup = _rendered("htmlBody", html_body, Part.HTML, values) if html_body else Rendered(_as_html(text.text), ())
    missing = tuple(dict.fromkeys(line.missing + text.missing + markup.missing))
    if closing is None:
        return ComposedEmail(line.text, markup.text, text.text, missing)
    return ComposedEmail(line.text, _closed_html(markup.text, closing), _closed_text(text.text, closing), missing)


def _rendered(field: str, source: str, part: Part, values: Mapping[str, Value]) -> Rendered:
    """One template; it may not come out empty, nor as nothing but invisible signs."""
    try:
        rendered = render(source, part, values)
    except InvalidInput as error:
        raise InvalidInput(error.message, pointer=f"/{field}", reason=error.reason) from error
    if not plain(rendered.text).strip():
        raise InvalidInput("is empty for this customer", pointer=f"/{field}", reason="empty")
    return rendered


def _as_html(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", html.escape(text.strip()))
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs if paragraph)


def _closed_text(text: str, closing: Closing) -> str:
    lines = [closing.age, closing.postal_address]
    if closing.unsubscribe_url not in text:
        lines.append(f"Unsubscribe: {closing.unsubscribe_url}")
    return f"{text.rstrip()}\n\n--\n" + "\n".join(line for line in lines if line)


def _closed_html(markup: str, closing: Closing) -> str:
    """The closing goes before the end of the body, so that it is part of the page; to the end where there is none."""
    url = html.escape(closing.unsubscribe_url)
    lines = [html.escape(line) for line in (closing.age, closing.postal_address) if line]
    if url not in markup:
        lines.append(f'<a href="{url}">Unsubscribe</a>')
    footer = f'<p style="font-size:12px;color:#666">{"<br>".join(lines)}</p>'
    ends = list(_BODY_END.finditer(markup))
    place = ends[-1].start() if ends else len(markup)
    return markup[:place] + footer + markup[place:]
