"""The demo company: five source systems simulated, with the truth kept apart."""
