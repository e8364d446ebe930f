"""How well the rules do on labelled texts, kind by kind."""

import re
from collections import Counter
from typing import NamedTuple

from redaction_samples import SAMPLES

from services.feedback.redaction.rules import KINDS, Found, find

_LABEL = re.compile(rf"\{{({'|'.join(KINDS)}):([^}}]*)\}}")


class Sample(NamedTuple):
    language: str
    text: str
    labels: tuple[Found, ...]


def _sample(language: str, line: str) -> Sample:
    text, labels, at = "", [], 0
    line = line.replace("\\n", "\n")
    for match in _LABEL.finditer(line):
        text += line[at : match.start()]
        labels.append(Found(len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return Sample(language, text + line[at:], tuple(labels))


def samples() -> list[Sample]:
    return [
        _sample(language, line) for language, text in SAMPLES.items() for line in text.strip().splitlines()
    ]


class Score(NamedTuple):
    there: Counter[str]
    caught: Counter[str]
    """Nothing of the label stays readable."""
    found: Counter[str]
    right: Counter[str]
    """At least half of what was taken is in labels."""
    mistakes: list[str]


def score(among: list[Sample], *, is_language_told: bool = True) -> Score:
    there, caught, found, right = (Counter[str]() for _ in range(4))
    mistakes: list[str] = []
    for language, text, labels in among:
        finds = find(text, language=language if is_language_told else None)
        taken = {place for one in finds for place in range(one.start, one.end)}
        personal = {place for one in labels for place in range(one.start, one.end)}
        for label in labels:
            there[label.kind] += 1
            missed = [
                place
                for place in range(label.start, label.end)
                if place not in taken and text[place].isalnum()
            ]
            caught[label.kind] += not missed
            if missed:
                mistakes.append(
                    f"{language}: missed {label.kind} {text[label.start : label.end]!r} in {text!r}"
                )
        for one in finds:
            found[one.kind] += 1
            is_right = 2 * len(personal & set(range(one.start, one.end))) >= one.end - one.start
            right[one.kind] += is_right
            if not is_right:
                mistakes.append(f"{language}: took {one.kind} {text[one.start : one.end]!r} in {text!r}")
    return Score(there, caught, found, right, mistakes)
