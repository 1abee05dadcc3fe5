"""One customer's year in words: its ledger, explained by the product, and what it was to hear of in between."""

from collections import Counter
from datetime import datetime
from typing import Any

from google.cloud import firestore

from cli.demo.report import Json
from cli.demo.shop_setup import ORG_ID
from cli.demo.till import Till
from cli.demo.year.facts import Facts, notices_of

# What a page of the ledger holds, and about what somebody reads.
_ENTRIES_MAX = 20
_TELLING = ("expire", "capture", "release", "clawback", "reinstate", "void")


def story(client: firestore.Client, till: Till, facts: Facts) -> Json | None:
    """The life in which most kinds of things happened, of those that fit on a page; None when nobody has a ledger."""
    short = {it: kinds for it, kinds in facts.kinds.items() if kinds.total() <= _ENTRIES_MAX}
    if not short:
        return None
    customer_id = max(sorted(short), key=lambda it: _interest(short[it]))
    told = [_of_entry(entry) for entry in reversed(till.ledger(customer_id)["entries"])]
    told += [_of_notice(notice) for notice in notices_of(client, ORG_ID, customer_id)]
    return {"customerId": customer_id, "events": sorted(told, key=lambda event: event["at"])}


def _interest(kinds: Counter[str]) -> tuple[int, int]:
    return sum(kind in kinds for kind in _TELLING), kinds.total()


def _of_entry(entry: Json) -> Json:
    at = datetime.fromisoformat(entry["recordedAt"])
    return {
        "at": at.isoformat(),
        "points": entry["points"],
        "available": entry["balances"]["available"],
        "words": entry["explanation"],
    }


def _of_notice(notice: dict[str, Any]) -> Json:
    return {"at": notice["occurredAt"].isoformat(), "points": None, "available": None, "words": in_words(notice)}


def in_words(notice: dict[str, Any]) -> str:
    """What a notice says, in one line."""
    facts = notice["facts"]
    match notice["kind"]:
        case "points_expiring":
            return f"To hear: {facts['points']:,} points expire on {facts['expiresAt']:%Y-%m-%d}"
        case "tier_lapsing":
            return (
                f"To hear: {facts['tier']} becomes {facts['toTier']} on {facts['lapsesAt']:%Y-%m-%d} without an order"
            )
        case "tier_changed":
            return (
                f"{'Up' if facts['direction'] == 'up' else 'Down'} from {facts['previousTier']} to {facts['newTier']}"
            )
        case "segment_entered":
            return f"From {facts['previousSegment']} to {facts['newSegment']}"
    return f"To hear: {notice['kind']}"
