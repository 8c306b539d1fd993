"""Targets: where else the published tables go, for tools that open no file of this machine."""
