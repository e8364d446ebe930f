"""What keeps the gateway from starting."""


class BadOperations(ValueError):
    """The file or folder of operations cannot be used; the words say which, and why."""
