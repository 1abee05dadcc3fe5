"""Alpine IQ's addresses, and those by which its sandbox is seeded.

Below /sandbox/alpine_iq/accounts/{uid}:

| Address | What |
|---|---|
| `PUT ` | an account: `apiKey`, `templates`, and how it errs (`state.Behaviour`, in camel case) |
| `GET ` | all it remembers |
| `POST /contacts` | `{"contacts": […]}`: add contacts, or change fields of known ones; balances move without an entry |
| `POST /redemptions` | `{"contactID", "points"}`: points spent at their till |
| `POST /merges` | `{"kept", "gone"}`: two contacts become one |
| `DELETE /told` | the figures it has told of contacts since this was last asked |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import flask

from emulator.vendors.alpine_iq.state import PAGE_MAX, Account, Behaviour, Json
from emulator.vendors.sandbox import Refusal, Sandbox, body_object

_BEHAVIOUR = {
    "pointsPerDollar": "points_per_dollar",
    "lagSeconds": "lag_seconds",
    "zeroNegatives": "zero_negatives",
    "knowsSales": "knows_sales",
    "pageMax": "page_max",
    "shifts": "shifts",
}
_KEPT_BACK = ("api_key", "told")


class AlpineIqSandbox(Sandbox):
    """Accounts by uid, each with its key."""

    name = "alpine_iq"

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._accounts: dict[str, Account] = {}

    def reset(self) -> None:
        self._accounts.clear()

    def refusal(self, status: int, code: str) -> Json:
        return {"success": False, "code": status, "errors": [{"code": code, "message": "The sandbox says no."}]}

    def add_routes(self, blueprint: flask.Blueprint) -> None:
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/api/v1.1/piis/<uid>", self._search),
            ("GET", "/api/v1.1/piis/<uid>/<contact_id>", self._contact),
            ("POST", "/api/v2/loyalty/lookup/<identifier>", self._lookup),
            ("GET", "/api/v2/wallet/<phone>", self._wallet),
            ("PUT", "/api/v1.1/adjust/loyaltyPoints/<uid>/<contact_id>", self._adjust),
            ("GET", "/api/v1.1/<any(adjustments, redemptions):kind>/<uid>/<int:begin>/<int:end>", self._changes),
            ("PUT", "/api/v2/optin/<any(text, email):channel>/<address>/<any('true', 'false'):wanted>", self._opt_in),
            ("POST", "/api/v1.1/createUpdateSale/<uid>", self._sale),
            ("POST", "/api/v2/loyalty", self._enrol),
        ]
        for method, rule, view in routes:
            blueprint.add_url_rule(rule, view.__name__, self.locked(view), methods=[method])

    def add_control(self, blueprint: flask.Blueprint) -> None:
        account = "/accounts/<uid>"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("PUT", account, self._put_account),
            ("GET", account, self._get_account),
            ("POST", f"{account}/contacts", self._put_contacts),
            ("POST", f"{account}/redemptions", self._redeem),
            ("POST", f"{account}/merges", self._merge),
            ("DELETE", f"{account}/told", self._told),
        ]
        for method, rule, view in routes:
            blueprint.add_url_rule(rule, view.__name__, self.locked(view), methods=[method])

    def _search(self, uid: str) -> Any:
        account, query = self._open(uid), flask.request.args
        text, start = query.get("search", ""), query.get("start", 0, int)
        found = account.search(text, start, min(query.get("limit", PAGE_MAX, int), account.behaviour.page_max))
        account.tell(found)
        answer = _success({"results": found or None})
        if account.behaviour.shifts and not text.strip():
            account.shift(self.now())
        return answer

    def _contact(self, uid: str, contact_id: str) -> Any:
        account = self._open(uid)
        contact = self._of(account, contact_id)
        account.tell([contact])
        return _success(contact)

    def _lookup(self, identifier: str) -> Any:
        contact = self._member(identifier)
        person = {"id": contact["contactID"], **{k: v for k, v in contact.items() if not k.startswith("loyalty")}}
        wallet = {"points": contact.get("loyaltyPoints"), "tier": contact.get("loyaltyTier")}
        return flask.jsonify({"success": True, "contact": person, "wallet": wallet})

    def _wallet(self, phone: str) -> Any:
        account, contact = self._open(), self._member(phone)
        told = {"contactID": contact["contactID"], "loyaltyPoints": contact.get("loyaltyPoints")}
        return _success({**told, "hidePointsInWallet": False, "discountTemplates": account.templates})

    def _adjust(self, uid: str, contact_id: str) -> Any:
        account, body = self._open(uid), body_object()
        self._of(account, contact_id)
        if not isinstance(body.get("value"), int):
            raise Refusal(400, "invalid_value")
        account.adjust(contact_id, body["value"], body.get("note", ""), body.get("cmpID", ""), self.now())
        return _success(None)

    def _changes(self, kind: str, uid: str, begin: int, end: int) -> Any:
        account = self._open(uid)
        entries = account.adjustments if kind == "adjustments" else account.redemptions
        return _success([entry for entry in entries if begin <= entry["ts"] <= end] or None)

    def _opt_in(self, channel: str, address: str, wanted: str) -> Any:
        self._open().opt_ins[f"{channel}:{address}"] = wanted == "true"
        return _success(None)

    def _sale(self, uid: str) -> Any:
        account, body = self._open(uid), body_object()
        member, visit = body.get("member"), body.get("visit")
        if not isinstance(member, dict) or not isinstance(visit, dict) or not visit.get("pos_id"):
            raise Refusal(400, "invalid_sale")
        account.sell(member, visit, self.now())
        return _success(None)

    def _enrol(self) -> Any:
        member = body_object()
        if not (member.get("email") or member.get("mobilePhone")):
            raise Refusal(400, "invalid_member")
        return _success(self._open().enrol(member))

    def _put_account(self, uid: str) -> Any:
        body = body_object()
        account = self._accounts.setdefault(uid, Account(uid, ""))
        account.api_key = body.get("apiKey", account.api_key)
        account.templates = body.get("templates", account.templates)
        behaviour = asdict(account.behaviour)
        behaviour |= {_BEHAVIOUR[name]: value for name, value in body.items() if name in _BEHAVIOUR}
        account.behaviour = Behaviour(**behaviour)
        return flask.jsonify({"uid": uid})

    def _get_account(self, uid: str) -> Any:
        account = self._known(uid)
        return flask.jsonify(
            {it.name: getattr(account, it.name) for it in fields(account) if it.name not in _KEPT_BACK}
        )

    def _put_contacts(self, uid: str) -> Any:
        account = self._known(uid)
        return flask.jsonify({"contactIDs": [account.put(it)["contactID"] for it in body_object()["contacts"]]})

    def _redeem(self, uid: str) -> Any:
        account, body = self._known(uid), body_object()
        account.redeem(self._of(account, body["contactID"])["contactID"], body["points"], self.now())
        return flask.jsonify({})

    def _merge(self, uid: str) -> Any:
        body = body_object()
        self._known(uid).merge(body["kept"], body["gone"])
        return flask.jsonify({})

    def _told(self, uid: str) -> Any:
        account = self._known(uid)
        told = list(account.told)
        account.told.clear()
        return flask.jsonify(told)

    def _known(self, uid: str) -> Account:
        account = self._accounts.get(uid)
        if account is None:
            raise Refusal(404, "unknown_account")
        account.settle(self.now())
        return account

    def _open(self, uid: str | None = None) -> Account:
        """The account whose key came along, which must be the one that is named, if one is."""
        key = flask.request.headers.get("X-APIKEY", "")
        account = next((it for it in self._accounts.values() if it.api_key and it.api_key == key), None)
        if account is None or uid not in (None, account.uid):
            raise Refusal(403, "invalid_key")
        account.settle(self.now())
        return account

    def _of(self, account: Account, contact_id: str) -> Json:
        contact = account.contacts.get(contact_id)
        if contact is None:
            raise Refusal(404, "unknown_contact")
        return contact

    def _member(self, identifier: str) -> Json:
        account = self._open()
        contact = account.find(identifier)
        if contact is None or not contact.get("loyalty"):
            raise Refusal(404, "not_a_member")
        account.tell([contact])
        return contact


def _success(data: Any) -> flask.Response:
    return flask.jsonify({"success": True, "data": data})
