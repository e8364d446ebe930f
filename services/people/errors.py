"""The problems the people service answers with."""

from shared.errors import Problem


class ScheduleInvalid(Problem):
    """These are not business hours"""

    status, slug = 422, "schedule-invalid"


class RoleNeedsVendor(Problem):
    """A vendor manager manages a vendor: name it in vendor_id"""

    status, slug = 422, "role-needs-vendor"


class AdminsOnly(Problem):
    """Only an administrator makes or changes an administrator"""

    status, slug = 403, "admins-only"


class OwnRoleUnchangeable(Problem):
    """Nobody changes their own role, vendor or access"""

    status, slug = 403, "own-role-unchangeable"


class UnknownScope(Problem):
    """No program may have this scope"""

    status, slug = 422, "unknown-scope"


class TokenEnded(Problem):
    """This token has ended: it was revoked or replaced, or its time is over"""

    status, slug = 409, "token-ended"
