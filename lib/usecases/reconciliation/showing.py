"""Alpine IQ's figure beside ours for somebody who waits: at once, from memory, from the last sync, or not at all.

Whoever asks is at a till. Alpine IQ is given a good second; when it does not answer, our figure stands, and why.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.domain.alpine_links import Link
from lib.domain.answers import Answer
from lib.domain.entries import Balances
from lib.domain.integrations import AlpineIntegration
from lib.domain.reconciliation import Alpine, Calculated, Member, NotAMember, Policy, Unknown, ratio_of
from lib.platform import clock
from lib.store import alpine_links, integrations
from lib.store import settings as settings_store
from lib.store.alpine_links import Compared
from lib.store.org import OrgStore
from lib.usecases.reconciliation.asking import ask_once
from lib.usecases.reconciliation.connection import connected
from lib.vendors.errors import SwitchedOff
from lib.vendors.http import Budget

FRESH_FOR = timedelta(minutes=5)
"""How old a figure may be that is shown without asking again."""
AT_THE_TILL = Budget("counter", connect_seconds=0.5, read_seconds=1.0, total_seconds=1.2, tries=1)

_REMEMBERED_MAX = 5_000
_THEIRS_HOLDS = (Policy.OVERRIDE_ABOVE_THRESHOLD, Policy.ALPINE_WINS)


@dataclass(frozen=True, slots=True)
class _Figure:
    """What is known of their side, from when it was fetched; `why` it is not from now, "" if it is fresh."""

    alpine: Alpine
    fetched_at: datetime | None
    why: str = ""


class _Memory:
    """The last figures that this process has fetched, and connections for a minute; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._figures: dict[tuple[object, str, str], _Figure] = {}
        self._connections: dict[tuple[object, str], tuple[float, AlpineIntegration | str]] = {}

    def figure(self, org: OrgStore, customer_id: str) -> _Figure | None:
        with self._lock:
            return self._figures.get((org.client, org.org_id, customer_id))

    def keep(self, org: OrgStore, customer_id: str, figure: _Figure) -> None:
        with self._lock:
            if len(self._figures) >= _REMEMBERED_MAX:
                self._figures.clear()
            self._figures[org.client, org.org_id, customer_id] = figure

    def integration(self, org: OrgStore) -> AlpineIntegration | str:
        key = (org.client, org.org_id)
        with self._lock:
            expires_at, known = self._connections.get(key, (0.0, "not_configured"))
        if time.monotonic() >= expires_at:
            known = integrations.alpine_iq(org)
            with self._lock:
                self._connections[key] = (time.monotonic() + settings_store.CACHE_SECONDS, known)
        return known


_memory = _Memory()


def beside(org_id: str, answer: Answer) -> Answer:
    """An answer about a customer's points with Alpine IQ's figure beside it: both sides, their discrepancy, the age of
    each, which one counts (`source`), and `alpineReason`, why there is none or why it is old.

    What can be spent is always our `points`. Billed: one read, and one a minute for the connection.
    """
    if not answer["ok"]:
        return answer
    org = OrgStore(org_id)
    integration = _memory.integration(org)
    if isinstance(integration, str):
        return {**answer, "reconciled": None, "alpineReason": integration}
    figure = _figure(org, integration, answer["customerId"])
    return _with(answer, figure, integration, clock.now())


def _figure(org: OrgStore, integration: AlpineIntegration, customer_id: str) -> _Figure:
    now = clock.now()
    remembered = _memory.figure(org, customer_id)
    if remembered and remembered.fetched_at and now - remembered.fetched_at < FRESH_FOR:
        return remembered
    compared = _load(org, customer_id)
    if compared is None:
        return _Figure(Unknown("unknown_customer"), None, "unknown_customer")
    last = _last_sync(compared.link)
    if last.fetched_at and now - last.fetched_at < FRESH_FOR:
        return last
    try:
        alpine = ask_once(connected(org, integration, AT_THE_TILL), org, compared, now)
    except SwitchedOff as error:
        alpine = Unknown(error.reason or "switched_off")
    if isinstance(alpine, Unknown):
        return _Figure(last.alpine, last.fetched_at, alpine.reason)
    found = _Figure(alpine, now)
    _memory.keep(org, customer_id, found)
    return found


def _load(org: OrgStore, customer_id: str) -> Compared | None:
    found = alpine_links.by_customer(org, [customer_id])
    return alpine_links.decode(org, found[0], settings_store.load(org)) if found else None


def _last_sync(link: Link) -> _Figure:
    if link.points is None or link.compared_at is None:
        return _Figure(Unknown("never_synced"), None)
    return _Figure(
        Member(link.points, link.compared_at, link.as_of, link.contact_id or "", link.tier), link.compared_at
    )


def _with(answer: Answer, figure: _Figure, integration: AlpineIntegration, now: datetime) -> Answer:
    alpine = figure.alpine
    if not isinstance(alpine, Member):
        why = figure.why or ("not_a_member" if isinstance(alpine, NotAMember) else alpine.reason)
        return {**answer, "reconciled": None, "alpineReason": why}
    balances = Balances(**{name: answer[name] for name in ("available", "pending", "reserved", "debt")})
    difference = alpine.points - Calculated(balances).points
    ratio = ratio_of(difference, alpine.points)
    reconciled = ratio <= integration.terms.threshold
    age_seconds = max(0, int((now - alpine.fetched_at).total_seconds()))
    told = {
        **answer,
        "alpine": {"points": alpine.points, "tier": alpine.tier},
        "discrepancy": {"difference": difference, "ratio": round(float(ratio), 4), "needsReview": not reconciled},
        "reconciled": reconciled,
        "ages": {**answer["ages"], "alpine": age_seconds},
        "alpineReason": figure.why or None,
    }
    if figure.why or integration.policy not in _THEIRS_HOLDS:
        return told
    primary = {**answer["primary"], "points": alpine.points, "source": "alpine_iq"}
    return {**told, "source": "alpine_iq", "primary": primary}
