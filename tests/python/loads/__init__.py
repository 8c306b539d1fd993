"""Tests of the raw loads."""
