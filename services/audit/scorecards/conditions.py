"""Conditions: which criteria of a card are shown, given the answers so far. Pure.

A criterion with a condition is shown while another one's answer is as it says. What is hidden is not
applicable by itself: told apart from what a specialist left out as not applicable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from shared.scales import exact


@dataclass(frozen=True)
class Condition:
    """On another criterion's answer: one of `values`, or at least `at_least`, or less than `below`."""

    criterion: str
    values: frozenset[Fraction] | None = None
    at_least: Fraction | None = None
    below: Fraction | None = None

    def holds(self, answer: object) -> bool:
        """Not of what is not applicable, hidden itself, or no number."""
        value = exact(answer)
        if value is None:
            return False
        if self.values is not None and value not in self.values:
            return False
        if self.at_least is not None and value < self.at_least:
            return False
        return self.below is None or value < self.below


Conditions = Mapping[str, Condition | None]
"""Criterion → when it is shown; None: always. In the order of the card."""


def cycle(conditions: Conditions) -> list[str] | None:
    """Criteria each of which waits for the next, and the last for the first; None: there are none."""
    for start in conditions:
        path = [start]
        while (condition := conditions.get(path[-1])) is not None:
            if condition.criterion in path:
                return path[path.index(condition.criterion) :]
            path.append(condition.criterion)
    return None


def hidden(conditions: Conditions, answers: Mapping[str, object]) -> frozenset[str]:
    """The criteria that these answers hide. The conditions run in no circle."""
    known: dict[str, bool] = {}

    def is_shown(criterion: str) -> bool:
        if criterion not in known:
            condition = conditions[criterion]
            known[criterion] = condition is None or (
                is_shown(condition.criterion) and condition.holds(answers.get(condition.criterion))
            )
        return known[criterion]

    return frozenset(criterion for criterion in conditions if not is_shown(criterion))
