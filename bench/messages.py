"""Ten thousand texts, and as many e-mails, while vendors fail and hang, workers die and people opt out; and what one
message is billed.

With `--campaign` a campaign sends them: the people are its audience, of which a tenth is held out.

./dev bench messages [--people 10000] [--channel sms|email] [--campaign] [--json]
"""

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.budgets import Row, as_json, markdown
from bench.campaigning import CampaignMailing
from bench.mailing import Mailing, Trouble
from emulator.client import StackClient
from emulator.launch import launched
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.domain.consent import Channel

PEOPLE = 10_000

_VENDORS = {Channel.SMS: "blackleaf", Channel.EMAIL: "mailjet"}
_BILLED_PEOPLE = 100
# As many tasks at once as the queues let through (functions/messages.py).
_THREADS = {Channel.SMS: 40, Channel.EMAIL: 8}
_NO_TROUBLE = Trouble(refusing=0, failing=0, hanging=0, dying=0, twice=0, out=0, leaving=0)
# A worker writes a hundred times for a batch of e-mails, three times for a text.
_DYING = {Channel.SMS: 0.02, Channel.EMAIL: 0.002}


def run(people: int = PEOPLE, channels: Sequence[Channel] = tuple(Channel), kind: type[Mailing] = Mailing) -> list[Row]:
    """Rows of each channel: what one message is billed, and the mailing with everything that can go wrong."""
    return [row for channel in channels for row in (_bill(channel, kind), _mailing(channel, people, kind))]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench messages", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many get each of the two messages")
    parser.add_argument("--channel", type=Channel, choices=list(Channel), help="only this one")
    parser.add_argument("--campaign", action="store_true", help="sent by a campaign, from its audience on")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    options = parser.parse_args(arguments)
    kind = CampaignMailing if options.campaign else Mailing
    rows = run(options.people, [options.channel] if options.channel else tuple(Channel), kind)
    print(json.dumps(as_json(rows), indent=2) if options.json else markdown(rows))
    return 0


def _mailing(channel: Channel, people: int, kind: type[Mailing]) -> Row:
    with _opened(kind, channel, people, Trouble(dying=_DYING[channel])) as (mailing, _):
        started = time.perf_counter()
        mailing.run()
        seconds = time.perf_counter() - started
        wrongs, states = mailing.violations(), mailing.states()
    if wrongs:
        raise RuntimeError(f"{len(wrongs)} violations, such as {wrongs[:5]}")
    ended = ", ".join(f"{count:,} {how}" for how, count in states.most_common())
    troubles = f"5 % failures, 5 % time-outs, {mailing.deaths:,} deaths, 10 % of tasks twice"
    return Row(
        f"{kind.noun} to {people:,} by {channel} with {troubles}",
        "one each, or accounted for",
        f"{seconds:.0f} s, 0 violations: {ended}",
    )


def _bill(channel: Channel, kind: type[Mailing]) -> Row:
    # One worker: several would each ask for the settings before they remember them.
    with _opened(kind, channel, _BILLED_PEOPLE, _NO_TROUBLE, threads=1) as (mailing, api):
        mailing.prepare()
        api.reset_usage()
        mailing.run()
        usage = api.usage()
    # Looking whether all is done has read each message once.
    reads, writes = usage["reads"] / _BILLED_PEOPLE - 1, usage["writes"] / _BILLED_PEOPLE
    what = f"one person's part in a {kind.noun} by {channel}"
    return Row(what, "-", f"{reads:.1f} reads, {writes:.1f} writes, queueing included")


@contextmanager
def _opened(
    kind: type[Mailing], channel: Channel, people: int, trouble: Trouble, *, threads: int | None = None
) -> Iterator[tuple[Mailing, StackClient]]:
    """A mailing on a stack of its own; the environment points there meanwhile."""
    project, before = f"demo-bench-{uuid.uuid4().hex[:8]}", dict(os.environ)
    try:
        with (
            tempfile.TemporaryDirectory() as logs,
            Stack(project, with_functions=False, log_folder=Path(logs)) as stack,
            launched("vendors") as vendors,
        ):
            os.environ.update(stack.environment)
            sandbox = SandboxClient(vendors.address, _VENDORS[channel])
            at_once = threads or _THREADS[channel]
            mailing = kind(f"org_{channel}", channel, people, sandbox, threads=at_once, trouble=trouble)
            os.environ.update(mailing.environment)
            api = StackClient(project, stack.firestore)
            yield mailing, api
            api.close()
    finally:
        os.environ.clear()
        os.environ.update(before)
