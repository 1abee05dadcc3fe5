"""A look at a campaign before it is sent: to how many, to whom not and why, and what it would cost to find out."""

import pytest

from emulator.client import StackClient
from lib.domain.audiences import Audience, Exclusions, Kind
from lib.domain.consent import Channel
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.store import campaign_plans
from lib.usecases import campaigns
from lib.usecases.campaigns import previewing
from tests.usecases.campaigns.office import TEXT, Office

MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}")


def people(office: Office) -> None:
    desk = office.desk
    for number in range(6):
        desk.customer(f"c{number}", number)
    desk.opt_out(f"+{desk.phone(0)}")
    desk.opt_out("c1@example.com", Channel.EMAIL)
    desk.customer("archived", 7, archived=True)
    desk.customer("excluded", 8, customTags=["staff"])
    desk.customer("nothing", 9, phone="", email="customer_9@alleaves.local")


def test_what_it_says_is_what_happens(office: Office) -> None:
    people(office)
    spring = office.create(
        content={Channel.SMS: TEXT, Channel.EMAIL: MAIL}, excluded=Exclusions(tags=("staff",)), holdout_percent=30
    )
    found = campaigns.preview(office.org_id, spring)
    shown = found.answer
    assert shown["audience"] == {"size": 9, "lookedAt": 9, "sampled": False}
    assert (shown["ok"], shown["refusal"], shown["problems"]) == (True, None, [])
    skipped = {"archived": 1, "excluded": 1, "no_address": 1, "opted_out": 1}
    assert shown["channels"] == {
        "sms": {"on": True, "reachable": 5, "skipped": skipped},
        "email": {"on": True, "reachable": 5, "skipped": skipped},
    }
    assert shown["reachable"] == 6
    assert [found.examples[channel].customer_id for channel in Channel] == [
        f"{office.org_id}_c1",
        f"{office.org_id}_c0",
    ]

    office.send(spring)
    office.settle()
    totals = office.totals(spring)
    assert (totals["treated"], totals.get("holdout", 0)) == (6 - shown["heldOut"], shown["heldOut"])


def test_a_large_audience_is_sampled_and_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "LOOKED_AT_MAX", 4)
    monkeypatch.setattr(previewing, "_ASKED_AT_ONCE", 3)
    people(office)
    shown = campaigns.preview(office.org_id, office.create()).answer
    assert shown["audience"] == {"size": 9, "lookedAt": 4, "sampled": True}
    assert sum(shown["channels"]["sms"]["skipped"].values()) + shown["channels"]["sms"]["reachable"] == 4


def test_an_audience_of_the_very_limit_is_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    people(office)
    monkeypatch.setattr(previewing, "LOOKED_AT_MAX", 9)
    assert campaigns.preview(office.org_id, office.create()).answer["audience"]["sampled"] is False


def test_what_is_wrong_with_it_is_told_with_the_figures(office: Office) -> None:
    office.desk.settings(email={"enabled": False})
    people(office)
    content = {Channel.SMS: SmsTemplate("Fresh weed"), Channel.EMAIL: MAIL}
    shown = campaigns.preview(office.org_id, office.create(content=content)).answer
    assert (shown["ok"], shown["refusal"]) == (True, "carriers_refuse")
    assert [it["pointer"] for it in shown["problems"]] == ["/content/sms/body"]
    assert shown["channels"]["email"]["on"] is False


def test_whether_it_was_edited_after_it_was_scheduled(office: Office) -> None:
    spring = office.create()

    def edited() -> bool:
        return bool(campaigns.preview(office.org_id, spring).answer["editedSince"])

    assert not edited()
    office.schedule(spring)
    assert not edited()
    office.client.document("campaigns", spring).update({"content.sms.body": "Something else"})
    assert edited()
    office.schedule(spring)
    assert not edited()


def test_nobody_to_show_it_with(office: Office) -> None:
    found = campaigns.preview(office.org_id, office.create(audience=Audience(Kind.SEGMENT, segments=("vip",))))
    assert found.answer["audience"]["size"] == found.answer["reachable"] == 0
    assert found.examples[Channel.SMS].customer_id is None


class TestWhatIsBilled:
    def test_a_preview_writes_nothing(self, office: Office, usage: StackClient) -> None:
        people(office)
        spring = office.create()
        campaigns.preview(office.org_id, spring)
        usage.reset_usage()
        campaigns.preview(office.org_id, spring)
        billed = usage.usage()
        # The campaign, nine customers, and a consent for each of the seven who may be asked about theirs.
        assert (billed["reads"], billed["writes"]) == (1 + 9 + 7, 0)

    @pytest.mark.parametrize(("channel", "reads", "writes"), [(Channel.SMS, 4, 2), (Channel.EMAIL, 6, 2)])
    def test_a_visit(self, office: Office, usage: StackClient, channel: Channel, reads: int, writes: int) -> None:
        ann, bob = office.desk.customer("ann", 1), office.desk.customer("bob", 2)
        spring = office.create(content={channel: TEXT if channel is Channel.SMS else MAIL})
        office.send(spring)
        params = office.org.document("runs", office.campaign(spring)["runId"]).get().get("params")
        campaigns.visit(lambda _: None, office.org, params, ann)
        usage.reset_usage()
        assert campaigns.visit(lambda _: None, office.org, params, bob)["queued"] == 1
        billed = usage.usage()
        assert (billed["reads"], billed["writes"]) == (reads, writes)
        usage.reset_usage()
        assert campaigns.visit(lambda _: None, office.org, params, bob)["queued"] == 1
        billed = usage.usage()
        assert (billed["reads"], billed["writes"]) == (2, 0)


def test_a_plan_is_kept_as_it_was_made(office: Office) -> None:
    audience = Audience(Kind.CUSTOM, tiers=("gold",), customer_ids=frozenset({"b", "a"}))
    excluded = Exclusions(("vip",), ("staff",), frozenset({"c"}))
    spring = office.create(audience=audience, excluded=excluded, holdout_percent=7, link_url="https://a.example/x")
    office.schedule(spring)
    plan = campaign_plans.load(office.org, office.campaign(spring)["planId"])
    assert (plan.audience, plan.excluded) == (audience, excluded)
    assert (plan.holdout_percent, plan.link_url, plan.channels) == (7, "https://a.example/x", (Channel.SMS,))
    assert plan.id_in(office.org_id) == office.campaign(spring)["planId"]
