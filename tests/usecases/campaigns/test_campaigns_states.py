"""A campaign's life: scheduled, paused, resumed, cancelled, refused; and what the dashboard has written or edited."""

from datetime import timedelta
from typing import Any

import pytest

from lib.domain.audiences import Audience, Kind
from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.message_wording import SmsTemplate
from lib.domain.segments import Segment
from lib.usecases import campaigns
from lib.usecases.campaigns.creating import Wishes
from tests.usecases.campaigns.office import Office

DAY = timedelta(days=1)


def slowly(office: Office, people: int) -> str:
    """A campaign of which one text a minute comes due, begun; nothing of it has been sent."""
    office.desk.settings(sms={"enabled": True, "perMinute": 1})
    for number in range(people):
        office.desk.customer(f"c{number:02}", number)
    spring = office.create()
    office.send(spring)
    # The pace itself is kept in real time, which these tests have none of.
    office.desk.settings(sms={"enabled": True, "perMinute": 6_000})
    return spring


class TestInTheMiddle:
    def test_whoever_opts_out_meanwhile_gets_nothing(self, office: Office) -> None:
        slowly(office, 8)
        office.wait(minutes=3)
        got = set(office.got())
        late = next(number for number in range(8) if office.desk.phone(number) not in got)
        office.desk.opt_out(f"+{office.desk.phone(late)}")
        office.settle()

        assert 0 < len(got) < 8
        assert set(office.got()) == {office.desk.phone(number) for number in range(8) if number != late}
        reasons = [it["reason"] for it in office.messages() if it["customerEmail"] == office.desk.phone(late)]
        assert reasons == ["opted_out"]

    def test_a_pause_stops_it_and_it_goes_on(self, office: Office) -> None:
        spring = slowly(office, 8)
        office.wait(minutes=3)
        before = set(office.got())
        assert office.pause(spring)["campaign"]["status"] == "paused"
        office.wait(hours=1)
        office.wait(hours=1)
        assert set(office.got()) == before

        assert office.resume(spring)["campaign"]["status"] == "sending"
        office.settle()
        assert set(office.got().values()) == {1}
        assert len(office.got()) == 8

    def test_a_pause_stops_its_run_and_resuming_finds_the_rest(self, office: Office) -> None:
        for number in range(9):
            office.desk.customer(f"c{number:02}", number)
        spring = office.create()
        office.send(spring)
        plan, payload, _ = office.queue.waiting.popleft()
        office.queue.call(plan, payload)
        first, payload, _ = office.queue.waiting.popleft()
        office.queue.call(first, payload)
        known = len(office.recipients(spring))
        office.pause(spring)
        office.wait(hours=1)
        assert 0 < known < 9
        assert len(office.recipients(spring)) == known

        office.resume(spring)
        office.settle()
        assert len(office.recipients(spring)) == 9
        assert set(office.got().values()) == {1}
        assert len(office.got()) == 9
        assert office.totals(spring)["queued"] == 9

    def test_whoever_is_left_after_a_long_pause_still_gets_it(self, office: Office) -> None:
        for number in range(4):
            office.desk.customer(f"c{number:02}", number)
        spring = office.create()
        office.send(spring)
        office.pause(spring)
        office.wait(days=5)
        assert office.recipients(spring) == []
        office.resume(spring)
        office.settle()
        assert len(office.got()) == 4

    def test_what_was_queued_before_a_long_pause_is_too_old(self, office: Office) -> None:
        spring = slowly(office, 4)
        office.wait(seconds=1)
        office.pause(spring)
        queued = sum(it["state"] == "queued" for it in office.messages())
        office.wait(days=3)
        office.resume(spring)
        office.settle()
        assert [it["reason"] for it in office.messages()].count("stale") == queued > 0

    def test_cancelling_is_for_good(self, office: Office) -> None:
        spring = slowly(office, 8)
        office.wait(minutes=3)
        before = set(office.got())
        answer = office.cancel(spring)
        assert answer["campaign"]["status"] == "cancelled"
        office.settle()

        assert set(office.got()) == before
        assert {it["reason"] for it in office.messages() if it["state"] == "skipped"} == {"cancelled"}
        for again in (office.send, office.schedule, office.pause, office.resume, office.cancel):
            refused = again(spring)
            assert (refused["ok"], refused["reason"]) == (False, "wrong_status")

    def test_one_that_failed_half_way_goes_on(self, office: Office) -> None:
        for number in range(5):
            office.desk.customer(f"c{number:02}", number)
        spring = office.create()
        office.send(spring)
        office.pause(spring)
        office.client.document("campaigns", spring).update({"status": "failed", "statusReason": "run_failed"})
        assert office.resume(spring)["campaign"]["reason"] is None
        office.settle()
        assert len(office.got()) == 5

    def test_one_that_stood_still_for_weeks_is_not_gone_on_with(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.create()
        office.send(spring)
        office.pause(spring)
        office.wait(days=15)
        assert office.resume(spring)["reason"] == "run_too_old"
        assert office.cancel(spring)["ok"]

    def test_a_run_that_nobody_wakes_for_days_sends_nothing_stale(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.create()
        office.send(spring)
        office.desk.time.advance(3 * DAY)
        office.settle()
        assert office.decided(spring) == {("ann", "sms"): "stale"}


class TestSchedule:
    def test_it_begins_when_its_time_has_come(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.create()
        office.schedule(spring, office.desk.time.now() + timedelta(hours=2))
        office.desk.time.advance(timedelta(hours=1, minutes=59))
        assert office.begin_due() == 0
        office.desk.time.advance(timedelta(minutes=1))
        assert office.begin_due() == 1
        office.settle()
        assert office.got() == {office.desk.phone(1): 1}

    def test_one_that_is_long_overdue_is_left_to_a_person(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.create()
        office.schedule(spring)
        office.desk.time.advance(DAY + timedelta(hours=2))
        assert office.begin_due() == 0
        stored = office.campaign(spring)
        assert (stored["status"], stored["statusReason"]) == ("paused", "overdue")
        assert office.resume(spring)["reason"] == "overdue"
        assert office.schedule(spring)["ok"]
        office.desk.time.advance(timedelta(hours=1))
        assert office.begin_due() == 1

    def test_a_pause_holds_it_back(self, office: Office) -> None:
        spring = office.create()
        office.schedule(spring)
        office.pause(spring)
        office.desk.time.advance(timedelta(hours=2))
        assert office.begin_due() == 0
        assert office.resume(spring)["campaign"]["status"] == "scheduled"
        assert office.begin_due() == 1

    def test_a_channel_that_is_switched_off_by_then(self, office: Office) -> None:
        spring = office.create()
        office.schedule(spring)
        office.desk.settings(sms={"enabled": False})
        office.desk.time.advance(timedelta(hours=1))
        assert office.begin_due() == 0
        assert office.campaign(spring)["statusReason"] == "channel_off"

    @pytest.mark.parametrize("ahead", [timedelta(minutes=-6), timedelta(days=366)])
    def test_times_that_are_none(self, office: Office, ahead: timedelta) -> None:
        with pytest.raises(InvalidInput) as refused:
            office.schedule(office.create(), office.desk.time.now() + ahead)
        assert refused.value.pointer == "/scheduledAt"


class TestWhatTheDashboardWrites:
    def test_a_campaign_without_our_fields(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.written("by_dashboard_" + office.org_id)
        assert campaigns.preview(office.org_id, spring).answer["channels"]["sms"]["reachable"] == 1
        office.send(spring)
        office.settle()
        assert office.got() == {office.desk.phone(1): 1}
        stored = office.campaign(spring)
        assert stored["audience"]["sizeNote"] == stored["content"]["sms"]["tone"] == "kept"
        assert stored["audience"]["resolvedCount"] == 1

    def test_one_that_it_has_scheduled(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.written("scheduled_" + office.org_id, status="scheduled", scheduledAt=office.desk.time.now())
        assert office.begin_due() == 1
        office.settle()
        assert office.got() == {office.desk.phone(1): 1}
        assert office.campaign(spring)["status"] == "sending"
        assert "approvedBy" not in office.campaign(spring)

    def test_one_that_is_damaged_keeps_no_other_waiting(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring, damaged = office.create(), office.create()
        for campaign_id in (damaged, spring):
            office.schedule(campaign_id)
        office.client.document("campaigns", damaged).update({"planId": "gone"})
        office.desk.time.advance(timedelta(hours=1))
        assert office.begin_due() == 1
        assert [office.campaign(it)["status"] for it in (spring, damaged)] == ["sending", "scheduled"]

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"channels": []}, "no_channel"),
            ({"content": {}}, "no_content"),
            ({"audience": {"type": "segment", "segments": []}}, "no_audience"),
            ({"audience": {"type": "unheard_of"}}, "no_audience"),
            ({"audience": "all"}, "no_audience"),
            ({"audience": {"type": "all", "tags": [f"t{number}" for number in range(31)]}}, "audience_too_large"),
            (
                {
                    "audience": {
                        "type": "custom",
                        "customFilter": {"customerIds": ["x" * 1000 + f"{n}" for n in range(701)]},
                    }
                },
                "audience_too_large",
            ),
            ({"content": {"sms": {"body": "{% for x in y %}"}}}, "bad_template"),
            ({"content": {"sms": {"body": "Hi", "imageUrl": "http://a.example/x.png"}}}, "bad_template"),
            ({"content": {"sms": {"body": "Hi " * 700}}}, "bad_template"),
            ({"linkUrl": "javascript:alert(1)"}, "bad_template"),
            ({"content": {"sms": {"body": "Fresh weed today"}}}, "carriers_refuse"),
        ],
    )
    def test_one_that_cannot_be_sent_waits_for_a_person(
        self, office: Office, fields: dict[str, Any], reason: str
    ) -> None:
        now = office.desk.time.now()
        spring = office.written("bad_" + office.org_id, status="scheduled", scheduledAt=now, **fields)
        assert office.begin_due() == 0
        stored = office.campaign(spring)
        assert (stored["status"], stored["statusReason"]) == ("paused", reason)
        assert office.begin_due() == 0

    def test_one_that_its_own_job_has_claimed_and_left_behind(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.written("left_" + office.org_id, status="sending", claimedAt=office.desk.time.now())
        # Until then it may be at work on it: nobody is to get two.
        office.wait(minutes=59)
        assert office.send(spring)["reason"] == office.schedule(spring)["reason"] == "wrong_status"
        office.wait(minutes=1)
        assert office.send(spring)["ok"]
        office.settle()
        assert office.got() == {office.desk.phone(1): 1}

    def test_edits_after_scheduling_change_nothing(self, office: Office) -> None:
        office.desk.customer("ann", 1, segment="vip")
        office.desk.customer("bob", 2, segment="new")
        spring = office.create(audience=Audience(Kind.SEGMENT, segments=("vip",)))
        office.schedule(spring)
        document = office.client.document("campaigns", spring)
        document.update({"content.sms.body": "Something else", "audience.type": "all", "audience.segments": []})
        office.desk.time.advance(timedelta(hours=1))
        office.begin_due()
        office.settle()
        (text,) = office.desk.arrived()
        assert (text["to"], text["body"][:6]) == (office.desk.phone(1), "Hi Ann")

    def test_scheduling_it_anew_does(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        spring = office.create()
        office.schedule(spring)
        later = office.desk.time.now() + timedelta(hours=2)
        office.client.document("campaigns", spring).update({"content.sms.body": "Else", "scheduledAt": later})
        office.desk.time.advance(timedelta(hours=2))
        assert office.begin_due() == 1
        office.settle()
        (text,) = office.desk.arrived()
        assert text["body"].startswith("Else")


class TestRefusals:
    @pytest.mark.parametrize("call", ["send", "schedule", "pause", "resume", "cancel"])
    def test_another_orgs_campaign_is_not_there(self, office: Office, call: str) -> None:
        theirs = office.written("theirs_" + office.org_id, orgId="others", status="scheduled")
        with pytest.raises(NotFound):
            getattr(office, call)(theirs)
        with pytest.raises(NotFound):
            campaigns.preview(office.org_id, theirs)
        assert office.campaign(theirs)["status"] == "scheduled"

    @pytest.mark.parametrize(
        "body",
        [
            "{{ 'x' | append: secret }}",
            "{% include 'other' %}",
            "{{ customer.email }}",
            "{{ firstName",
            "{% raw %}{{ firstName }}{% endraw %}",
            "{% assign a = 'x' %}{% for i in (1..9) %}{{ a }}{% endfor %}",
        ],
    )
    def test_templates_that_want_more_than_words(self, office: Office, body: str) -> None:
        spring = office.create(content={Channel.SMS: SmsTemplate(body)})
        refused = office.send(spring)
        assert (refused["ok"], refused["reason"]) == (False, "bad_template")
        assert refused["problems"][0]["pointer"] == "/content/sms/body"
        assert office.campaign(spring)["complianceStatus"] == "failed"
        assert office.campaign(spring)["status"] == "draft"

    def test_a_name_that_looks_like_a_template_is_a_name(self, office: Office) -> None:
        office.desk.customer("ann", 1, firstName="{{loyaltyPoints}}")
        office.send(office.create())
        office.settle()
        (text,) = office.desk.arrived()
        assert text["body"].startswith("Hi {{loyaltyPoints}}, 120 points.")

    def test_what_carriers_refuse_is_sent_when_somebody_wants_it(self, office: Office) -> None:
        office.desk.customer("ann", 1)
        words = SmsTemplate("{% if loyaltyPoints > 9 %}Fresh edibles{% else %}Hello{% endif %} at {{orgName}}")
        spring = office.create(content={Channel.SMS: words})
        refused = office.send(spring)
        assert (refused["reason"], [it["reason"] for it in refused["problems"]]) == ("carriers_refuse", ["cannabis"])
        assert office.campaign(spring)["content"]["sms"]["complianceStatus"] == "failed"
        assert office.send(spring, accepts_warnings=True)["ok"]
        stored = office.campaign(spring)
        assert stored["complianceStatus"] == stored["content"]["sms"]["complianceStatus"] == "warning"
        assert stored["content"]["sms"]["complianceViolations"] == ["cannabis: carriers refuse “edibles”"]

    def test_a_link_that_leads_nowhere(self, office: Office) -> None:
        spring = office.create(content={Channel.SMS: SmsTemplate("Look: {{link}}")})
        assert office.send(spring)["problems"][0]["reason"] == "no_link"

    def test_a_channel_that_is_off(self, office: Office) -> None:
        office.desk.settings(sms={"enabled": False})
        assert office.send(office.create())["reason"] == "channel_off"


class TestCreating:
    @pytest.mark.parametrize("segment", list(Segment))
    def test_a_segment_fills_in_the_rest(self, office: Office, segment: Segment) -> None:
        command = office.command("create_campaign")
        made = campaigns.create(command, Wishes(segment=segment))["campaign"]
        assert made["audience"]["segments"] == [segment.value]
        assert (made["status"], made["channels"]) == ("draft", [])
        assert made["name"] and made["goal"]

    def test_what_is_wished_goes_before_it(self, office: Office) -> None:
        office.desk.customer("ann", 1, tier="gold")
        audience = Audience(Kind.SEGMENT, tiers=("gold",))
        spring = office.create(segment=Segment.AT_RISK, audience=audience, name="Ours", holdout_percent=5)
        stored = office.campaign(spring)
        assert (stored["name"], stored["goal"]) == ("Ours", "winback")
        assert (stored["audience"]["tiers"], stored["audience"]["estimatedCount"]) == (["gold"], 1)
        assert (stored["holdoutPercent"], stored["attributionHours"], stored["version"]) == (5, 72, 1)

    @pytest.mark.parametrize(
        ("wishes", "pointer"),
        [
            (Wishes(), "/name"),
            (Wishes(name="x"), "/audience"),
            (Wishes(name="x", audience=Audience(Kind.CUSTOM)), "/audience"),
            (Wishes(segment=Segment.NEW, audience=Audience(Kind.SEGMENT)), "/audience"),
        ],
    )
    def test_what_nothing_fills_in_is_required(self, office: Office, wishes: Wishes, pointer: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            campaigns.create(office.command("create_campaign"), wishes)
        assert refused.value.pointer == pointer
