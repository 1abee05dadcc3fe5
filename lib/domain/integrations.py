"""How an org is connected to Alpine IQ: the account, whose figure holds, and what is told to them."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from lib.domain.ids import fingerprint
from lib.domain.reconciliation import Policy, Terms


def _exact(value: object) -> object:
    # Documents hold doubles; 0.1 means a tenth, which its shortest form says.
    return Decimal(repr(value)) if isinstance(value, float) else value


Ratio = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1, decimal_places=4)]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Push(_Stored):
    """What is told to Alpine IQ; nothing, unless the shop wants it."""

    sales: bool = False
    adjustments: bool = False
    opt_outs: bool = False


class AlpineIntegration(_Stored):
    """`account_id`: the number their addresses carry. `threshold_ratio`: the difference that still counts as agreement,
    as a part of their figure. `lag_hours`, `freshness_hours`: `Terms.lag` and `Terms.patience`."""

    account_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
    policy: Policy = Policy.OVERRIDE_ABOVE_THRESHOLD
    threshold_ratio: Ratio = Decimal("0.1")
    lag_hours: Annotated[int, Field(ge=0, le=720)] = 6
    freshness_hours: Annotated[int, Field(ge=0, le=720)] = 48
    push: Push = Push()

    @property
    def terms(self) -> Terms:
        """How the sides are compared."""
        return Terms(
            policy=self.policy,
            threshold=Fraction(self.threshold_ratio),
            lag=timedelta(hours=self.lag_hours),
            patience=timedelta(hours=self.freshness_hours),
        )

    @property
    def terms_version(self) -> str:
        """Another text under other terms: what was compared under others is compared again."""
        return fingerprint(
            [self.policy, f"{self.threshold_ratio.normalize():f}", self.lag_hours, self.freshness_hours]
        )[:12]


def read_alpine_integration(fields: Mapping[str, Any]) -> AlpineIntegration | None:
    """The settings of a stored document; None when it holds what cannot be meant, which switches the vendor off."""
    try:
        return AlpineIntegration.model_validate(dict(fields))
    except ValidationError:
        return None
