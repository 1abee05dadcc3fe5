"""What callables and tasks are sent: the base of their models, the field types they share, and reading one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from lib.domain.errors import InvalidInput
from lib.domain.ids import check_id, check_org_id, fingerprint
from lib.domain.json_pointer import json_pointer
from lib.domain.money import cents_from_dollars

_POINTS_MAX = 100_000_000
_MESSAGES = {"extra_forbidden": "is not a known field", "missing": "is required"}


class Payload(BaseModel):
    """What a function is sent, under camel-case names: nothing is coerced and unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel
    )


class Input(Payload):
    """What a callable is sent: always about one org."""

    org_id: str


class WriteInput(Input):
    """The input of a callable that changes something. Repeating it with the same key changes nothing more."""

    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)]


Data = TypeVar("Data", bound=Payload)


def org_of(data: object) -> str:
    """The org a request is about, checked before anything else of it is looked at. Raises InvalidInput."""
    if not isinstance(data, Mapping):
        raise InvalidInput("must be an object")
    return check_org_id(data.get("orgId"))


def parse(model: type[Data], data: object) -> Data:
    """The request as its model. Raises InvalidInput with the JSON pointer of the first field that is wrong."""
    try:
        return model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as refusal:
        error = refusal.errors(include_url=False, include_input=False)[0]
        message = _MESSAGES.get(error["type"], error["msg"])
        raise InvalidInput(message, pointer=json_pointer(error["loc"])) from None


@contextmanager
def inside(pointer: str) -> Iterator[None]:
    """Around a use case that checks one field of the input itself: its errors' pointers begin at that field."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(error.message, pointer=f"{pointer}{error.pointer}", reason=error.reason) from error


def _id(value: str) -> str:
    try:
        return check_id(value, pointer="")
    except InvalidInput as error:
        raise PydanticCustomError("id", "{why}", {"why": error.message}) from error


def _cents(value: object) -> int:
    try:
        cents = cents_from_dollars(value)
    except InvalidInput as error:
        raise PydanticCustomError("amount", "{why}", {"why": error.message}) from error
    if cents < 0:
        raise PydanticCustomError("amount", "must not be negative")
    return cents


def _whole(value: object) -> object:
    # JSON knows only numbers: a client that counts in floats sends 5.0 for 5.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _not_zero(value: int) -> int:
    if value == 0:
        raise PydanticCustomError("zero", "must not be 0")
    return value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        fingerprint(value)
    except (ValueError, RecursionError) as error:
        raise PydanticCustomError("json", "must be plain JSON without NaN or broken characters") from error
    return value


DocumentId: TypeAlias = Annotated[str, StringConstraints(max_length=500), AfterValidator(_id)]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
# Dollars on the wire, integer cents from here on.
Dollars: TypeAlias = Annotated[int, BeforeValidator(_cents)]
Points: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=_POINTS_MAX)]
SignedPoints: TypeAlias = Annotated[
    int, BeforeValidator(_whole), Field(ge=-_POINTS_MAX, le=_POINTS_MAX), AfterValidator(_not_zero)
]
PageSize: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100)]
JsonObject: TypeAlias = Annotated[dict[str, Any], AfterValidator(_storable)]
