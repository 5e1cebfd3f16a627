"""What the demonstration left, for every test of this folder."""

from __future__ import annotations

import pytest

from tests.conftest import Address
from tests.demo.demonstration import Demonstration, the_demonstration


@pytest.fixture
def demonstration(address: Address) -> Demonstration:
    return the_demonstration(address)
