"""Fixtures for use cases: the product runs in this process on a project of its own."""

import pytest
from google.cloud.firestore import Client

from tests.usecases.till import Till


@pytest.fixture
def till(firestore: Client) -> Till:
    """Staff of an org of the fresh project."""
    return Till(firestore)
