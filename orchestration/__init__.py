"""Dagster definitions, raw loads, publishing and the command line of the warehouse."""
