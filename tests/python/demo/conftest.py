"""The demo company, generated once per scale for all tests that read it."""

import pytest

from demo.company import generate
from tests.python.demo.exports import Company


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """Scale 1, three years. Do not change it."""
    home = tmp_path_factory.mktemp("scale_1")
    summary = generate(home, scale=1.0)
    return Company(home, summary)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Scale 0.1, three years. Do not change it."""
    home = tmp_path_factory.mktemp("scale_01")
    summary = generate(home, scale=0.1)
    return Company(home, summary)
