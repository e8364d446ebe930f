"""The problems the kpi service answers with."""

from shared.errors import Problem


class UnknownMetric(Problem):
    """There is no such metric"""

    status, slug = 404, "unknown-metric"


class UnknownDimension(Problem):
    """This metric cannot be grouped by that"""

    status, slug = 422, "unknown-dimension"
