"""The project under several choices of source systems, each parsed once per session."""

import pytest
import yaml

from .project import ROOT, Parsed, Project, all_systems, bare_systems, files_systems, parse


@pytest.fixture(scope="session")
def parsed_all(tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    return parse(all_systems(), tmp_path_factory.mktemp("all"))


@pytest.fixture(scope="session")
def project(parsed_all: Parsed) -> Project:
    """Return the graph with every system of every domain switched on."""
    return parsed_all.project


@pytest.fixture(scope="session")
def parsed_vendors(tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    return parse(None, tmp_path_factory.mktemp("vendors"))


@pytest.fixture(scope="session")
def parsed_files(tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    return parse(files_systems(), tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def parsed_bare(tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    return parse(bare_systems(), tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def raw_tables() -> dict[str, set[str]]:
    """Return the tables that the loader makes, by source system."""
    declared = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / "orchestration" / "raw_tables").glob("*.yml")
    ]
    # Beside its tables, the loader keeps what was rejected and what was delivered of each source.
    kept = {"rejects", "deliveries"}
    return {source["source"]: kept | set(source["tables"]) for source in declared}
