"""Whether an address may be written to: what its consent log adds up to, and the one decision made from it.

Consent belongs to a channel and an address, not to a profile: it outlives merges, imports and deleted customers. A log
entry only ever raises dates of the state, so the order in which entries arrive does not matter, and applying one twice
changes nothing. Sources of the rules: 47 CFR 64.1200(a)(10) (any reasonable means revokes; it is for all
texts unless the person says otherwise), CAN-SPAM 15 U.S.C. 7704(a)(3) (an unsubscribe link stops advertising only).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from lib.domain.ids import derived_id


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class Purpose(StrEnum):
    """TRANSACTIONAL answers what the customer did (a receipt, an order that is ready); all else is MARKETING, also news
    of points and tiers."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class ConsentKind(StrEnum):
    """What a log entry says. Stored; append only."""

    MARKETING_GRANTED = "marketing_granted"
    MARKETING_WITHDRAWN = "marketing_withdrawn"
    ALL_WITHDRAWN = "all_withdrawn"
    UNDELIVERABLE = "undeliverable"
    COMPLAINED = "complained"


class ConsentSource(StrEnum):
    """How it came to us. Stored.

    The first four prove that whoever acted holds the address: the reply came from the telephone, or the link was in its
    mailbox. Only such an act can lift an opt-out. A form proves nothing of the kind: anyone can type any address.
    """

    REPLY = "reply"
    SIGNED_LINK = "signed_link"
    CONFIRMATION = "confirmation"
    SIGNED_IN = "signed_in"
    WEB_FORM = "web_form"
    CHECK_IN = "check_in"
    ENROLMENT = "enrolment"
    STAFF = "staff"
    IMPORT = "import"
    API = "api"
    POS = "pos"
    ALPINE_IQ = "alpine_iq"
    MERGE = "merge"
    DASHBOARD = "dashboard"
    LEGACY_LINK = "legacy_link"
    VENDOR = "vendor"

    @property
    def is_holder(self) -> bool:
        """Whether it can only have been the person who holds the address."""
        return self in _HOLDER_SOURCES


_HOLDER_SOURCES = frozenset(
    {ConsentSource.REPLY, ConsentSource.SIGNED_LINK, ConsentSource.CONFIRMATION, ConsentSource.SIGNED_IN}
)


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One entry of the log.

    `occurred_at`, `recorded_at`: aware, UTC. `wording` is what the person was shown or wrote, "" if unknown; `actor`
    who recorded it. An entry without a time of its own (an import) has that of its recording: an imported opt-out wins.
    """

    kind: ConsentKind
    source: ConsentSource
    occurred_at: datetime
    recorded_at: datetime
    wording: str = ""
    actor: str = ""

    @property
    def effective_at(self) -> datetime:
        """When it counts from. Nothing happens after we hear of it: a wrong clock must not lift tomorrow's STOP."""
        return min(self.occurred_at, self.recorded_at)


NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """The latest of each kind of entry, UTC; `NEVER` stands for none. The default is an address nobody has asked."""

    granted_at: datetime = NEVER
    holder_granted_at: datetime = NEVER
    marketing_withdrawn_at: datetime = NEVER
    all_withdrawn_at: datetime = NEVER
    undeliverable_at: datetime = NEVER
    complained_at: datetime = NEVER

    @property
    def is_stopped(self) -> bool:
        """The person wants nothing at all."""
        return self._stands(self.all_withdrawn_at)

    @property
    def is_opted_out(self) -> bool:
        """The person wants no marketing, or nothing at all."""
        return self.is_stopped or self._stands(self.marketing_withdrawn_at)

    @property
    def has_complained(self) -> bool:
        """The person reported a message as spam and has not asked for more since."""
        return self._stands(self.complained_at)

    @property
    def is_undeliverable(self) -> bool:
        """The address has refused for good, and nobody has been heard from there since."""
        return self._stands(self.undeliverable_at)

    @property
    def is_granted(self) -> bool:
        """Marketing was agreed to, and that stands."""
        return self.granted_at > NEVER and not (self.is_opted_out or self.has_complained)

    def _stands(self, objected_at: datetime) -> bool:
        # On a tie the objection stands.
        return objected_at > NEVER and objected_at >= self.holder_granted_at


def applied(state: ConsentState, event: ConsentEvent) -> ConsentState:
    """The state with one more entry of the log."""
    at = event.effective_at
    match event.kind:
        case ConsentKind.MARKETING_GRANTED:
            holder_at = at if event.source.is_holder else NEVER
            return joined(state, ConsentState(granted_at=at, holder_granted_at=holder_at))
        case ConsentKind.MARKETING_WITHDRAWN:
            return joined(state, ConsentState(marketing_withdrawn_at=at))
        case ConsentKind.ALL_WITHDRAWN:
            return joined(state, ConsentState(all_withdrawn_at=at))
        case ConsentKind.UNDELIVERABLE:
            return joined(state, ConsentState(undeliverable_at=at))
        case ConsentKind.COMPLAINED:
            return joined(state, ConsentState(complained_at=at))


def joined(one: ConsentState, other: ConsentState) -> ConsentState:
    """What two logs of the same address add up to."""
    return replace(
        one,
        granted_at=max(one.granted_at, other.granted_at),
        holder_granted_at=max(one.holder_granted_at, other.holder_granted_at),
        marketing_withdrawn_at=max(one.marketing_withdrawn_at, other.marketing_withdrawn_at),
        all_withdrawn_at=max(one.all_withdrawn_at, other.all_withdrawn_at),
        undeliverable_at=max(one.undeliverable_at, other.undeliverable_at),
        complained_at=max(one.complained_at, other.complained_at),
    )


_SAME = timedelta(minutes=1)
_DATES = {
    ConsentKind.MARKETING_GRANTED: "holder_granted_at",
    ConsentKind.MARKETING_WITHDRAWN: "marketing_withdrawn_at",
    ConsentKind.ALL_WITHDRAWN: "all_withdrawn_at",
    ConsentKind.UNDELIVERABLE: "undeliverable_at",
    ConsentKind.COMPLAINED: "complained_at",
}


def is_repetition(state: ConsentState, event: ConsentEvent) -> bool:
    """Whether an entry only says again what has been said within the last minute and stands: a link that is clicked
    twice, or a thousand times. Whoever replays a request cannot make the log grow."""
    said_at: datetime = getattr(state, _DATES[event.kind])
    if event.kind is ConsentKind.MARKETING_GRANTED:
        stands = event.source.is_holder and state.is_granted
    else:
        stands = said_at >= state.holder_granted_at
    return stands and said_at > NEVER and said_at <= event.effective_at < said_at + _SAME


class Refusal(StrEnum):
    """Why an address may not be written to, in order of precedence. Stored as the reason of a skipped message."""

    NO_ADDRESS = "no_address"
    ARCHIVED = "archived"
    TEST_ACCOUNT = "test_account"
    UNDELIVERABLE = "undeliverable"
    COMPLAINED = "complained"
    STOPPED = "stopped"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for: the normalised address (None: none, or a placeholder of the till) and two flags of the
    profile."""

    address: str | None
    archived: bool = False
    test_account: bool = False


def refusal(recipient: Recipient, state: ConsentState, purpose: Purpose) -> Refusal | None:
    """The first reason not to write, None if the address may be written to for this purpose.

    Marketing needs consent that was given and stands; being a member is none. A transactional message needs only that
    nobody has objected to all messages. To be asked when a message is queued, and again right before it is sent.
    """
    marketing = purpose is Purpose.MARKETING
    reasons = {
        Refusal.NO_ADDRESS: not recipient.address,
        Refusal.ARCHIVED: recipient.archived,
        Refusal.TEST_ACCOUNT: recipient.test_account,
        Refusal.UNDELIVERABLE: state.is_undeliverable,
        Refusal.COMPLAINED: state.has_complained,
        Refusal.STOPPED: state.is_stopped,
        Refusal.OPTED_OUT: marketing and state.is_opted_out,
        Refusal.NO_CONSENT: marketing and not state.is_granted,
    }
    return next((reason for reason in Refusal if reasons[reason]), None)


def consent_id(org_id: str, channel: Channel, address: str) -> str:
    """The id of the address's consent document under the tenant, `channel:hash`. `address` is normalised (E.164, or
    normalise_email's form). Hashed with the org, so that ids neither show it nor can be compared between orgs."""
    return f"{channel}:{derived_id('consent', org_id, channel, address)}"
