"""An account of its own for each test."""

import pytest

from emulator.vendors.client import SandboxClient
from tests.vendors.alleaves.shop import Shop


@pytest.fixture
def shop(alleaves_sandbox: SandboxClient) -> Shop:
    return Shop(alleaves_sandbox)
