"""Connectors: what a vendor's API holds, as JSON lines in a folder that the raw loader reads."""
