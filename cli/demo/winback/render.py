"""Prints what came of the campaign, and some of its messages whole."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from cli.demo.report import Json
from cli.demo.tables import facts, money
from lib.domain.settings import DEFAULT_SETTINGS

_WHY = {
    "too_few": "too few customers for one",
    "no_holdout": "nobody was held out",
    "no_treated": "nobody was written to",
}


def render(campaign: Json, console: Console) -> None:
    """Everything of it that a person wants to see."""
    told = {**_before(campaign), **_sending(campaign), **_after(campaign)}
    facts(f"A campaign: {campaign['name']}", told, console)
    _inbox(campaign, console)


def _before(campaign: Json) -> Mapping[str, str]:
    preview = campaign["preview"]
    reach = f"{preview['reachable']:,} can be written to, {preview['heldOut']:,} of these are held out to compare with"
    told = {"previewed": f"{preview['audience']['size']:,} in {campaign['segment']}, {reach}"}
    for channel, words in (("sms", "  by text"), ("email", "  by e-mail")):
        found = preview["channels"][channel]
        told[words] = ", ".join([f"{found['reachable']:,}", *_counted(found["skipped"])])
    return told


def _sending(campaign: Json) -> Mapping[str, str]:
    texts, mails, at_once = campaign["texts"], campaign["mails"], campaign["textsAtOnce"]
    told = {
        "sent in the evening": f"{at_once:,} texts, to where it was not night yet; all else has waited",
        "arrived by morning": f"{texts:,} texts, {mails:,} e-mails",
    }
    if stop := campaign["stopped"]:
        told["said Stop meanwhile"] = f"{stop['customerId']}: that text never went, but “{' '.join(stop['answers'])}”"
    if campaign["unsubscribed"]:
        told["unsubscribed by the link"] = campaign["unsubscribed"]
    return told


def _after(campaign: Json) -> Mapping[str, str]:
    results = campaign["results"]
    counts, claimed, lift = results["performance"], results["claimed"], results["lift"]
    told = {"came back of it": ", ".join(f"{counts[it]:,} {it}" for it in ("delivered", "opened", "clicked"))}
    for each in campaign["cameBack"]:
        bought = f"bought for {money(each['cents'])}, by then {each['segment']}"
        told[each["customerId"]] = bought
    told["claimed by it"] = f"{claimed['orders']:,} orders, {money(claimed['revenueCents'])}"
    sides = (("treated", "written to"), ("holdout", "held out"))
    bought_by = (
        f"{results['groups'][it]['buyers']} of {results['groups'][it]['customers']} {name}" for it, name in sides
    )
    told["who bought"] = f"{', '.join(bought_by)}: {_interval(lift['conversionRate'], ' percentage points')}"
    told["difference in revenue"] = _interval(lift["revenueCentsPerCustomer"], " cents a customer")
    told["skipped"] = ", ".join(_counted(results["skipped"]))
    return told


def _interval(found: Json, unit: str) -> str:
    if reason := found.get("reason"):
        return f"no figure, {_WHY[reason]}"
    doubt = "; it may be chance" if found["low"] <= 0 <= found["high"] else ""
    return f"{found['difference']:+.1f}{unit}, 95 % between {found['low']:+.1f} and {found['high']:+.1f}{doubt}"


def _counted(reasons: Mapping[str, int]) -> list[str]:
    return [f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons.items()]


def _inbox(campaign: Json, console: Console) -> None:
    for each in campaign["shown"]:
        at = datetime.fromtimestamp(each["at"], UTC).astimezone(ZoneInfo(DEFAULT_SETTINGS.time_zone))
        subject = f": {each['subject']}" if each["channel"] == "email" else ""
        console.print(Text(f"\n{each['channel']} to {each['to']} at {at:%H:%M}{subject}", "bold"))
        console.print(Text(each["text"] if each["channel"] == "email" else each["body"], "dim"), soft_wrap=True)
