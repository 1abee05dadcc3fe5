"""The words of messages as callers give them: templates of a text and of an e-mail."""

from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from functions.edge.inputs import Payload

Template: TypeAlias = Annotated[str, StringConstraints(max_length=100_000)]
Url: TypeAlias = Annotated[str, StringConstraints(max_length=1000, pattern=r'^(https://[^\s<>"\\]+)?$')]
"""An address of the web, "" for none."""


class SmsWords(Payload):
    """A text's template; `imageUrl` makes it an MMS."""

    body: Template
    image_url: Url = ""


class EmailWords(Payload):
    """An e-mail's templates; without HTML the text is shown as it is."""

    subject: Template
    body: Template
    html_body: Template = ""
