"""A small mailing while vendors fail, workers die and tasks come twice: everybody gets one message or is accounted for.

The same at ten thousand is `./dev bench messages`.
"""

from collections.abc import Callable, Iterator

import pytest
from google.cloud.firestore import Client

from bench.mailing import Mailing, Trouble
from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.domain.consent import Channel


@pytest.fixture(scope="module")
def vendors() -> Iterator[str]:
    with launched("vendors") as started:
        yield started.address


@pytest.mark.parametrize(
    ("channel", "vendor", "people", "dying"),
    # A worker writes a hundred times for a batch of e-mails, three times for a text.
    [(Channel.SMS, "blackleaf", 90, 0.1), (Channel.EMAIL, "mailjet", 110, 0.01)],
)
def test_everybody_gets_one_or_is_accounted_for(
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
    mailing = Mailing(fresh_id("org"), channel, people, SandboxClient(vendors, vendor), threads=6, trouble=trouble)
    for name, value in mailing.environment.items():
        monkeypatch.setenv(name, value)
    mailing.run()

    assert mailing.violations() == []
    assert mailing.states().total() == people
    assert mailing.states()["sent"] > people / 3, mailing.states()
