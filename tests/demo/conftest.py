"""What the demonstration left, for every test of this folder."""

from __future__ import annotations

import pytest

from tests.conftest import Address
from tests.demo.demonstration import Demonstration, demonstrate


@pytest.fixture(scope="session")
def demonstration(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """The first one of the session."""
    return demonstrate(address, tmp_path_factory.mktemp("demonstration"))
