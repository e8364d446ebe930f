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


class NoApi(Problem):
    """The connection does not say how its REST API is asked"""

    status, slug = 409, "no-api"


class PullRunning(Problem):
    """Such a reading of this connection is under way: wait for it, or cancel it"""

    status, slug = 409, "pull-running"


class PullOver(Problem):
    """This reading is over"""

    status, slug = 409, "pull-over"


class NotGeneric(Problem):
    """Only a generic connection takes ticket documents"""

    status, slug = 409, "not-generic"


class RequesterErased(Problem):
    """This person is erased: there is nothing to open"""

    status, slug = 409, "requester-erased"


class ErasureUnderWay(Problem):
    """This person's erasure is asked for already"""

    status, slug = 409, "erasure-under-way"


class SecondPersonNeeded(Problem):
    """Whoever asks for an erasure does not approve it"""

    status, slug = 409, "second-person-needed"


class Held(Problem):
    """A legal hold says that this is kept: it has to be released first"""

    status, slug = 409, "legal-hold"
