"""The problems the appeals service answers with."""

from shared.errors import Problem


class AppealWindowClosed(Problem):
    """The time to appeal this review is over"""

    status, slug = 409, "appeal-window-closed"


class AppealExists(Problem):
    """An appeal against this review is already being decided"""

    status, slug = 409, "appeal-exists"


class ReviewNotCurrent(Problem):
    """A newer version of this review has replaced it: appeal that one"""

    status, slug = 409, "review-not-current"


class AppealAlreadyDecided(Problem):
    """This appeal has its ruling"""

    status, slug = 409, "appeal-already-decided"


class NotYours(Problem):
    """Only the agent, or the agent's lead, may do this"""

    status, slug = 403, "not-yours"


class FourEyes(Problem):
    """Whoever rules on an appeal has no part in it"""

    status, slug = 403, "four-eyes"


class PointsInvalid(Problem):
    """These criteria or values do not fit the review"""

    status, slug = 422, "points-invalid"


class RulingInconsistent(Problem):
    """The outcome and the changed answers do not fit together"""

    status, slug = 422, "ruling-inconsistent"
