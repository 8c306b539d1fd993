"""What an agent meets."""


class RefusedError(Exception):
    """The server said why there is no answer."""
