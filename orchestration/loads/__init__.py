"""Raw loads: from export files to the raw schemas of the warehouse, with dlt.

One engine for all sources. What a source's tables look like is declared in
``orchestration/raw_tables/<source>.yml``; nothing here knows a vendor.
"""

from __future__ import annotations

from orchestration.loads.api import (
    build_dlt_source,
    build_pipeline,
    finish_load,
    load,
    refusal_in,
)
from orchestration.loads.business_time import last_complete_day, newest_business_days
from orchestration.loads.landed import Landed
from orchestration.loads.mapping import Mapping, read_mapping
from orchestration.loads.model import (
    Landing,
    LoadError,
    LoadReport,
    LoadRequest,
    Message,
    TableCount,
)
from orchestration.loads.spec import SourceSpec, TableSpec, source_names, source_spec
from orchestration.loads.warehouse import write_settings

__all__ = [
    "Landed",
    "Landing",
    "LoadError",
    "LoadReport",
    "LoadRequest",
    "Mapping",
    "Message",
    "SourceSpec",
    "TableCount",
    "TableSpec",
    "build_dlt_source",
    "build_pipeline",
    "finish_load",
    "last_complete_day",
    "load",
    "newest_business_days",
    "read_mapping",
    "refusal_in",
    "source_names",
    "source_spec",
    "write_settings",
]
