"""A small campaign while vendors fail, workers of all kinds die, tasks come twice and people opt out: everybody is on
record once, and got what the record says.

The same at ten thousand is `./dev bench messages --campaign`.
"""

from collections.abc import Callable, Iterator

import pytest
from google.cloud.firestore import Client

from bench.campaigning import CampaignMailing
from bench.mailing import Trouble
from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.domain.consent import Channel


@pytest.fixture(scope="module")
def vendors() -> Iterator[str]:
    """host:port of sandboxes that deliver to nobody else's test."""
    with launched("vendors") as started:
        yield started.address


@pytest.mark.parametrize(
    ("channel", "vendor", "people", "dying"),
    [(Channel.SMS, "blackleaf", 60, 0.02), (Channel.EMAIL, "mailjet", 80, 0.01)],
)
def test_everybody_is_on_record_and_accounted_for(
    firestore: Client,
    vendors: str,
    fresh_id: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    channel: Channel,
    vendor: str,
    people: int,
    dying: float,
) -> None:
    trouble = Trouble(refusing=0.03, failing=0.1, hanging=0.1, dying=dying, twice=0.3, out=0.05, leaving=0.1)
    mailing = CampaignMailing(
        fresh_id("org"), channel, people, SandboxClient(vendors, vendor), threads=6, trouble=trouble
    )
    for name, value in mailing.environment.items():
        monkeypatch.setenv(name, value)
    mailing.run()

    assert mailing.violations() == []
    assert mailing.states().total() == people
    assert mailing.states()["sent"] > people / 3, mailing.states()
