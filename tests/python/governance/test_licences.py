"""Who uses the project may use what it stands on: no licence of it asks for more than notices."""

import re
from importlib.metadata import Distribution, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "customer-success-warehouse"
# By SPDX's names, and by those that classifiers and older packages write.
ALLOWED = {
    "0BSD", "3-Clause BSD License", "Apache License 2.0", "Apache Software License", "Apache-2.0",
    "BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python",
    "ISC License (ISCL)", "MIT", "MIT License", "MIT-CMU", "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0", "Python Software Foundation License",
    "Unlicense", "Zlib",
}  # fmt: skip
# What classifiers leave open, as the package's own licence file says it.
BY_ITS_FILE = {
    "text-unidecode",  # the Artistic License or the GPL, whichever one likes
}


def installed() -> dict[str, Distribution]:
    """What the project needs at run time, and what that needs, as it is installed here."""
    found: dict[str, Distribution] = {}
    waiting = [PROJECT]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        for line in found[name].requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(needed.name))
    del found[PROJECT]
    return found


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met with allowed licences alone."""
    if expression in ALLOWED:
        return True
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(
        all(part in ALLOWED for part in re.split(r"\s+AND\s+", each)) for each in alternatives
    )


def licence_of(package: Distribution) -> str:
    told = package.metadata
    classes = [
        line.rpartition(":: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    expression = told.get("License-Expression") or " AND ".join(classes)
    return expression or told.get("License") or "not told"


def test_every_licence_is_permissive_or_of_single_files():
    packages = installed()
    assert len(packages) > 50
    named = {
        name: licence_of(package) for name, package in packages.items() if name not in BY_ITS_FILE
    }
    assert {name: said for name, said in named.items() if not is_allowed(said)} == {}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("AGPL-3.0-or-later", False),
        ("not told", False),
    ],
)
def test_a_licence_is_allowed_when_one_way_to_meet_it_is(expression, allowed):
    assert is_allowed(expression) is allowed
