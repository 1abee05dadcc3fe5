"""Asks Alpine IQ for contacts, wallets and changed balances, and tells it of sales, adjustments and opt-outs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from lib.vendors import http, paging
from lib.vendors.alpine_iq.config import VENDOR, AlpineIqConfig
from lib.vendors.alpine_iq.wire import BalanceChange, Contact, Member, Membership, Sale, Wallet
from lib.vendors.breaker import BreakerView
from lib.vendors.errors import NotFound, Refused
from lib.vendors.fields import Record, object_in
from lib.vendors.http import Answer, Budget, Request, path_of
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety, code_of

CONTACTS_PER_REQUEST: Final = 2_000

BULK: Final = Budget("bulk")
"""For jobs: answers of more than 20 s have been seen, so a try that took 10 s is better made again."""

COUNTER: Final = Budget("counter", connect_seconds=0.5, read_seconds=1.0, total_seconds=1.5, tries=1)
"""For somebody who waits: one try, well within the two seconds in which a balance has to be shown."""

RATE: Final = Rate(requests=5, seconds=1.0)
"""They document none and send no rate-limit headers."""
_EVERYBODY = " "
_SEARCH_RESULTS_MAX = 100

AnyRecord = TypeVar("AnyRecord", bound=Record)


class AlpineIq:
    """One account. Safe for many threads; instances for one account share its rate limit and circuit breakers.

    Every method raises the errors of `lib.vendors.errors`; NotFound only where it is named. Points are whole points,
    times are UTC.
    """

    def __init__(self, config: AlpineIqConfig, *, budget: Budget = BULK, rate: Rate = RATE) -> None:
        self._uid = config.uid
        self._headers = {"X-APIKEY": config.api_key}
        self._channel = http.channel(VENDOR, config.base_url, config.uid, budget=budget, rate=rate)

    @property
    def circuit(self) -> BreakerView:
        """The circuit breaker of this account and budget."""
        return self._channel.circuit

    def contacts(self, page_size: int = CONTACTS_PER_REQUEST) -> Iterator[Sequence[Contact]]:
        """All contacts in pages of up to 2,000, one request each, and one that shows that nobody follows.

        Whoever stops at an error has not seen all: only the end of the iteration is the end of the list. The list is
        sorted by points, the only order they document, and points move meanwhile: a contact may come twice (the later
        one is the newer) or be passed over, so who is missing from it is not thereby shown to have left.
        """
        return paging.by_offset(VENDOR, lambda start: self._page(_EVERYBODY, start, page_size), _identity)

    def search(self, text: str) -> Sequence[Contact]:
        """Contacts by telephone number (10 digits), by `email:<address>` or by name; the first 100."""
        return self._page(text, 0, _SEARCH_RESULTS_MAX)

    def contact(self, contact_id: str) -> Contact:
        """One contact in full. Raises NotFound; Malformed for an answer that is about another one."""
        request = self._request("GET", path_of("api", "v1.1", "piis", self._uid, contact_id))
        contact = self._record(Contact, request, self._data(request))
        if contact.contact_id not in (None, contact_id):
            self._channel.unreadable(request, "another contact than was asked for")
        return contact.model_copy(update={"contact_id": contact_id})

    def lookup(self, email_or_phone: str) -> Membership:
        """The member with this e-mail address or telephone number. Raises NotFound when it is not a member."""
        request = self._request("POST", path_of("api", "v2", "loyalty", "lookup", email_or_phone), body={})
        envelope = self._envelope(request, self._channel.send(request))
        told = envelope if "contact" in envelope or "wallet" in envelope else object_in(envelope.get("data"))
        if not isinstance(told.get("contact"), Mapping):
            self._channel.unreadable(request, "no contact")
        wallet = self._record(Wallet, request, told.get("wallet") or {})
        return Membership(self._record(Contact, request, told["contact"]), wallet)

    def wallet(self, phone: str) -> Wallet:
        """The wallet of a telephone number (10 digits). Raises NotFound when it is not a member's."""
        request = self._request("GET", path_of("api", "v2", "wallet", phone))
        return self._record(Wallet, request, self._data(request))

    def adjustments(self, begin: datetime, end: datetime) -> Sequence[BalanceChange]:
        """Adjustments of balances between two times: whose balance changed since the last look."""
        return self._changes("adjustments", begin, end)

    def redemptions(self, begin: datetime, end: datetime) -> Sequence[BalanceChange]:
        """Redemptions between two times."""
        return self._changes("redemptions", begin, end)

    def adjust(self, contact_id: str, points: int, *, note: str, campaign_id: str, at: datetime) -> None:
        """Add points to a balance, or take some with a negative number; a balance below zero is zeroed, silently.

        Not idempotent on their side. Raises Ambiguous when it may or may not have been done (the balance tells later),
        NotFound for an unknown contact.
        """
        path = path_of("api", "v1.1", "adjust", "loyaltyPoints", self._uid, contact_id)
        body = {"value": points, "note": note, "cmpID": campaign_id, "ts": int(at.timestamp())}
        self._tell(self._request("PUT", path, Safety.ONCE, body))

    def opt_in_text(self, phone: str, opted_in: bool) -> None:
        """Let text messages be sent to a telephone number, or no longer. Raises NotFound."""
        path = path_of("api", "v2", "optin", "text", phone, "true" if opted_in else "false")
        self._tell(self._request("PUT", path))

    def opt_in_email(self, email: str, opted_in: bool) -> None:
        """Let e-mail be sent to an address, or no longer. Raises NotFound."""
        path = path_of("api", "v2", "optin", "email", email, "true" if opted_in else "false")
        self._tell(self._request("PUT", path))

    def push_sale(self, sale: Sale) -> None:
        """Tell of a completed sale. Raises Ambiguous: whether they know a `pos_id` again is not documented."""
        path = path_of("api", "v1.1", "createUpdateSale", self._uid)
        self._tell(self._request("POST", path, Safety.ONCE, sale.to_json()))

    def enrol(self, member: Member) -> None:
        """Make somebody a member. Raises Ambiguous; a look-up tells then."""
        self._tell(self._request("POST", path_of("api", "v2", "loyalty"), Safety.ONCE, member.to_json()))

    def _page(self, search: str, start: int, limit: int) -> Sequence[Contact]:
        query: dict[str, str | int] = {
            "search": search,
            "limit": limit,
            "start": start,
            "sort": "points",
            "dir": "desc",
        }
        request = self._request("GET", path_of("api", "v1.1", "piis", self._uid), query=query)
        data = self._list_data(request)
        if not isinstance(data, Mapping) or "results" not in data:
            self._channel.unreadable(request, "no list of contacts")
        return self._records(Contact, request, data["results"])

    def _changes(self, kind: str, begin: datetime, end: datetime) -> Sequence[BalanceChange]:
        path = path_of("api", "v1.1", kind, self._uid, int(begin.timestamp()), int(end.timestamp()))
        request = self._request("GET", path)
        return self._records(BalanceChange, request, self._list_data(request))

    def _request(
        self,
        method: str,
        path: str,
        safety: Safety = Safety.REPEATABLE,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Request:
        return Request(method, path, safety, query or {}, body, self._headers)

    def _tell(self, request: Request) -> None:
        self._envelope(request, self._channel.send(request))

    def _data(self, request: Request) -> Any:
        envelope = self._envelope(request, self._channel.send(request))
        if "data" not in envelope:
            self._channel.unreadable(request, "no data")
        return envelope["data"]

    def _list_data(self, request: Request) -> Any:
        """The same for a list: that it is not found says nothing of anybody on it."""
        try:
            return self._data(request)
        except NotFound:
            raise Refused(VENDOR, "knows no such account", reason="unknown_account", status=404) from None

    def _envelope(self, request: Request, answer: Answer) -> Mapping[str, Any]:
        """The answer's object. Raises Refused for `success: false`, whatever the HTTP status says."""
        if not isinstance(answer.body, Mapping):
            self._channel.unreadable(request, "no object")
        success = answer.body.get("success", True)
        if success is False:
            raise Refused(VENDOR, "refused", reason="rejected", status=answer.status, code=code_of(answer.body))
        if success is not True:
            self._channel.unreadable(request, "neither success nor failure")
        return answer.body

    def _records(self, kind: type[AnyRecord], request: Request, value: object) -> Sequence[AnyRecord]:
        """The records of a list; null is how they write an empty one."""
        if value is None:
            return []
        if not isinstance(value, list):
            self._channel.unreadable(request, "no list")
        return [self._record(kind, request, item) for item in value]

    def _record(self, kind: type[AnyRecord], request: Request, value: object) -> AnyRecord:
        try:
            return kind.read(value)
        except ValueError:
            self._channel.unreadable(request, "no object where one belongs")


def _identity(contact: Contact) -> str:
    return contact.contact_id or repr(contact)
