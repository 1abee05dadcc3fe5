"""What carriers refuse is found, in disguise too; what only looks like it is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.sms_lint import Category, Severity, lint

REFUSED = Severity.REFUSED
RISKY = Severity.RISKY


@pytest.mark.parametrize(
    ("text", "category", "severity", "found"),
    [
        ("20% off weed", Category.CANNABIS, REFUSED, "weed"),
        ("WEED", Category.CANNABIS, REFUSED, "WEED"),
        ("our w33d is in", Category.CANNABIS, REFUSED, "w33d"),
        ("c@nnabis!", Category.CANNABIS, REFUSED, "c@nnabis"),
        ("we\u200bed", Category.CANNABIS, REFUSED, "we\u200bed"),
        ("pre-rolls are back", Category.CANNABIS, REFUSED, "pre-rolls"),
        ("happy 420", Category.CANNABIS, REFUSED, "420"),
        ("see you 🍁", Category.CANNABIS, REFUSED, "🍁"),
        ("our new strain", Category.CANNABIS, RISKY, "strain"),
        ("cold beer", Category.ALCOHOL, REFUSED, "beer"),
        ("ammo deals", Category.FIREARMS, REFUSED, "ammo"),
        ("cigars", Category.TOBACCO, REFUSED, "cigars"),
        ("s3xy", Category.SEX, REFUSED, "s3xy"),
        ("look: https://bit.ly/3xY", Category.SHORTENED_LINK, REFUSED, "bit.ly/3xY"),
        ("BIG SALE TODAY ONLY, come", Category.SHOUTING, RISKY, "BIG SALE TODAY ONLY"),
        ("Act now", Category.MONEY_BAIT, RISKY, "Act now"),
    ],
)
def test_what_carriers_refuse_is_found(text: str, category: Category, severity: Severity, found: str) -> None:
    findings = lint(text)

    assert [(it.category, it.severity, it.found) for it in findings] == [(category, severity, found)]
    assert text[findings[0].start : findings[0].end] == found


@pytest.mark.parametrize(
    "text",
    [
        "Ana, you have 120 points. 21+ only. Reply STOP to opt out.",
        "$420 off", "order #420", "4.20 dollars", "1420 points", "20% off, 2-for-1 on Friday",
        "Come to https://greenweed.example/kush now", "Seaweed salad", "Hashtag", "thursday", "the buddy pass", "Essex",
    ],
)  # fmt: skip
def test_innocent_texts_pass(text: str) -> None:
    assert lint(text) == ()


@given(st.text(max_size=300))
def test_findings_are_in_order_and_inside_the_text(text: str) -> None:
    findings = lint(text)

    assert list(findings) == sorted(findings, key=lambda it: (it.start, it.end))
    assert all(text[it.start : it.end] == it.found and it.found for it in findings)
