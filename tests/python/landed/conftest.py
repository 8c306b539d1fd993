"""The company that every landing is compared with."""

import pytest

from tests.python.landed import companies


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The company from exports of its systems."""
    return companies.exported(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """The same with events of its subscriptions."""
    return companies.exported(tmp_path_factory.mktemp("told"), told=True)
