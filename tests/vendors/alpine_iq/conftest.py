"""An account of its own for each test."""

import pytest

from emulator.vendors.client import SandboxClient
from tests.vendors.alpine_iq.shop import Shop


@pytest.fixture
def shop(alpine_iq_sandbox: SandboxClient) -> Shop:
    return Shop(alpine_iq_sandbox)
