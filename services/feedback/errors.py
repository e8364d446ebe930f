"""The problems the feedback service answers with."""

from shared.errors import Problem


class SignatureInvalid(Problem):
    """The signature does not fit this body, or its timestamp is too far from now"""

    status, slug = 401, "signature-invalid"


class NoSecret(Problem):
    """An import has no secret to rotate"""

    status, slug = 409, "no-secret"


class WrongAccount(Problem):
    """The body belongs to another help-desk account than this connection"""

    status, slug = 403, "wrong-account"
