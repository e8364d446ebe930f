"""Scores of reviews at their edges, worked by hand; cards and answers that are refused."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from services.audit.scorecards.card import Scorecard, ScorecardInvalid
from services.audit.scorecards.rules import AnswerInvalid, ScoredReview, display, iqs, score
from services.audit.scorecards.schemas import CardIn


def whole_card(compact: dict[str, Any]) -> dict[str, Any]:
    """`{mode, pass, cap, sections: [[id, weight, kind, [[id, weight, min, max, critical]]]]}`."""
    return {
        "mode": compact["mode"],
        "pass_mark": compact.get("pass"),
        "cap_at_100": compact.get("cap", False),
        "sections": [
            {
                "id": section_id,
                "title": f"Section {section_id}",
                "weight": weight,
                "kind": kind,
                "criteria": [
                    {
                        "id": c[0],
                        "title": f"Criterion {c[0]}",
                        "weight": c[1],
                        "scale": {"min": c[2], "max": c[3]},
                        "critical": c[4],
                    }
                    for c in criteria
                ],
            }
            for section_id, weight, kind, criteria in compact["sections"]
        ],
    }


def card(*sections: Any, mode: str = "weighted", passes: Any = 80, cap: bool = False) -> Scorecard:
    """Sections as (id, weight, kind, {id: (weight, min, max, critical)}), short forms allowed."""
    compact = [
        [s[0], s[1], s[2], [[name, *spec, *(0, 1, None)[len(spec) - 1 :]] for name, spec in s[3]]]
        for s in sections
    ]
    return Scorecard.parse(whole_card({"mode": mode, "pass": passes, "cap": cap, "sections": compact}))


MAIN = ("s", 1, "standard", [("a", (2,)), ("b", (3,)), ("c", (5,))])
BONUS = ("plus", 1, "bonus", [("extra", (4,))])
FATAL = ("never", 1, "autofail", [("rude", (1,)), ("leak", (1,))])
RIGHT = {"a": 1, "b": 1, "c": 1}
SOUND = {"rude": 1, "leak": 1}


def test_a_hit_in_an_auto_fail_section_beats_everything_even_bonus() -> None:
    # given full marks, full bonus and one hit
    got = score(card(MAIN, BONUS, FATAL), {**RIGHT, "extra": 1, "rude": 1, "leak": 0})
    # then the review is worth nothing, and what it would have been worth is still told
    assert (got.score, got.auto_failed, got.failed_criteria) == (0, True, ("leak",))
    assert got.score_without_auto_fail == 140
    assert got.passed is False
    assert got.section_scores == {"s": 100}


def test_an_auto_fail_section_carries_no_points() -> None:
    got = score(card(MAIN, FATAL), {"a": 1, "b": 0, "c": 1, **SOUND})

    assert (got.score, got.auto_failed) == (70, False)


def test_an_auto_fail_with_everything_else_not_applicable_is_zero() -> None:
    answers = {"a": "NA", "b": "NA", "c": "NA", "rude": 0, "leak": "NA"}

    got = score(card(MAIN, FATAL), answers)

    assert (got.score, got.score_without_auto_fail, got.passed) == (0, None, False)
    assert got.section_scores == {"s": None}


def test_auto_fail_criteria_that_do_not_apply_cannot_fail() -> None:
    got = score(card(MAIN, FATAL), {**RIGHT, "rude": "NA", "leak": "NA"})

    assert (got.score, got.auto_failed) == (100, False)


def test_sound_auto_fail_criteria_alone_are_no_score() -> None:
    got = score(card(MAIN, FATAL), {"a": "NA", "b": "NA", "c": "NA", **SOUND})

    assert (got.score, got.passed, got.auto_failed) == (None, None, False)


def test_failures_are_named_in_the_order_of_the_card() -> None:
    main = ("s", 1, "standard", [("z", (1, 0, 1, "review")), ("y", (1, 0, 1, "review"))])

    got = score(card(FATAL, main), {"y": 0, "z": 0, "leak": 0, "rude": 0})

    assert got.failed_criteria == ("rude", "leak", "z", "y")


def test_bonus_adds_to_the_numerator_only() -> None:
    assert score(card(MAIN, BONUS), {**RIGHT, "extra": 1}).score == 140
    assert score(card(MAIN, BONUS), {**RIGHT, "extra": 0}).score == 100
    assert score(card(MAIN, BONUS), {**RIGHT, "extra": "NA"}).score == 100
    assert score(card(MAIN, BONUS, cap=True), {**RIGHT, "extra": 1}).score == 100


def test_bonus_grows_in_weight_when_other_criteria_do_not_apply() -> None:
    got = score(card(MAIN, BONUS), {"a": 1, "b": "NA", "c": "NA", "extra": 1})

    assert got.score == 300


def test_bonus_alone_is_no_score() -> None:
    answers = {"a": "NA", "b": "NA", "c": "NA", "extra": 1}

    for mode in ("weighted", "points", "sections"):
        assert score(card(MAIN, BONUS, mode=mode), answers).score is None


def test_bonus_points_are_added_after_section_weighting() -> None:
    other = ("t", 3, "standard", [("d", (1,))])
    form = card(MAIN, other, BONUS, mode="sections")

    got = score(form, {"a": 0, "b": 0, "c": 1, "d": 1, "extra": 0.5})

    # (1 * 50 + 3 * 100) / 4 + 4 * 0.5
    assert got.score == Fraction(175, 2) + 2


def test_decimal_weights_are_exact() -> None:
    main = ("s", 1, "standard", [("a", (0.1,)), ("b", (0.2,)), ("c", (0.7,))])

    got = score(card(main, passes=30), {"a": 1, "b": 1, "c": 0})

    assert got.score == 30
    assert got.passed is True


@pytest.mark.parametrize("kind", [Decimal, float])
def test_decimals_and_floats_mean_the_number_that_is_written(kind: Any) -> None:
    main = ("s", 1, "standard", [("a", (kind("33.3"), kind("0.1"), kind("0.3")))])

    got = score(card(main), {"a": kind("0.2")})

    assert got.score == 50


def test_a_score_is_compared_unrounded_with_the_pass_mark() -> None:
    # given 79.995 percent, shown as 80.00
    main = ("s", 1, "standard", [("a", (79.995,)), ("b", (20.005,))])

    got = score(card(main, passes=80), {"a": 1, "b": 0})

    assert got.score is not None
    assert (display(got.score), got.passed) == ("80.00", False)
    assert score(card(main, passes=79.995), {"a": 1, "b": 0}).passed is True


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(0), "0.00"),
        (Fraction("0.005"), "0.01"),
        (Fraction("0.004999999"), "0.00"),
        (Fraction("62.125"), "62.13"),
        (Fraction("62.135"), "62.14"),
        (Fraction("2.675"), "2.68"),
        (Fraction("99.995"), "100.00"),
        (Fraction("99.9949999999999999999"), "99.99"),
        (Fraction(200, 3), "66.67"),
        (Fraction(350, 3), "116.67"),
        (Fraction(100), "100.00"),
        (Fraction("-0.005"), "-0.01"),
        (Fraction("-0.001"), "0.00"),
    ],
)
def test_halves_are_shown_rounded_up(value: Fraction, shown: str) -> None:
    assert display(value) == shown


def test_a_critical_criterion_just_below_half_fails_and_half_does_not() -> None:
    main = ("s", 1, "standard", [("a", (1, 1, 5, "review"))])

    assert score(card(main), {"a": 3}).auto_failed is False
    assert score(card(main), {"a": 2.99}).auto_failed is True
    assert score(card(main), {"a": 2}).failed_criteria == ("a",)


def test_a_critical_criterion_of_no_weight_still_fails_the_review() -> None:
    main = ("s", 1, "standard", [("a", (1,)), ("law", (0, 0, 1, "review"))])

    assert score(card(main), {"a": 1, "law": 0}).score == 0
    assert score(card(main), {"a": 1, "law": 1}).score == 100


def test_a_critical_criterion_in_a_bonus_section_fails_the_review() -> None:
    bonus = ("plus", 1, "bonus", [("x", (5, 0, 1, "review"))])

    got = score(card(MAIN, bonus), {**RIGHT, "x": 0})

    assert (got.score, got.score_without_auto_fail) == (0, 100)


SPLIT = [
    ("p", 60, "standard", [("a", (1,)), ("b", (1, 0, 1, "section"))]),
    ("q", 40, "standard", [("c", (1,))]),
]


def test_a_section_critical_criterion_takes_its_section_and_nothing_else() -> None:
    got = score(card(*SPLIT, mode="sections"), {"a": 1, "b": 0, "c": 1})

    assert (got.score, got.auto_failed, got.failed_criteria) == (40, False, ())
    assert got.section_scores == {"p": 0, "q": 100}
    assert got.criterion_scores == {"a": 100, "b": 0, "c": 100}


def test_a_section_critical_criterion_that_does_not_apply_takes_nothing() -> None:
    got = score(card(*SPLIT, mode="sections"), {"a": 1, "b": "NA", "c": 0})

    assert (got.score, got.section_scores) == (60, {"p": 100, "q": 0})


def test_a_failed_section_keeps_its_weight_when_its_other_criteria_do_not_apply() -> None:
    got = score(card(*SPLIT, mode="sections"), {"a": "NA", "b": 0, "c": 1})

    assert (got.score, got.section_scores) == (40, {"p": 0, "q": 100})


def test_without_section_weights_a_failed_section_keeps_the_weights_of_its_criteria() -> None:
    got = score(card(*SPLIT), {"a": 1, "b": 0, "c": 1})

    assert got.score == Fraction(100, 3)


def test_a_failed_bonus_section_adds_nothing() -> None:
    bonus = ("plus", 1, "bonus", [("x", (5,)), ("y", (5, 0, 1, "section"))])

    assert score(card(MAIN, bonus), {**RIGHT, "x": 1, "y": 0}).score == 100


def test_forty_sections_share_their_weight_over_those_that_apply() -> None:
    # given sections weighing 1..40, every third not applicable, every second of the rest failed
    many = [(f"s{n}", n, "standard", [(f"i{n}", (n,))]) for n in range(1, 41)]
    answers: dict[str, Any] = {f"i{n}": "NA" if n % 3 == 0 else int(n % 2 == 0) for n in range(1, 41)}
    apply = [n for n in range(1, 41) if n % 3]

    got = score(card(*many, mode="sections"), answers)

    assert got.score == Fraction(100 * sum(n for n in apply if n % 2 == 0), sum(apply))
    assert sum(value is None for value in got.section_scores.values()) == 13


def test_a_card_without_a_pass_mark_knows_no_pass() -> None:
    assert score(card(MAIN, passes=None), RIGHT).passed is None


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [
        ({"a": 1, "b": 1}, "/answers/c"),
        ({**RIGHT, "d": 1}, "/answers/d"),
        ({**RIGHT, "x/y~z": 1}, "/answers/x~1y~0z"),
        ({**RIGHT, "b": 2}, "/answers/b"),
        ({**RIGHT, "b": -0.0001}, "/answers/b"),
        ({**RIGHT, "b": "1"}, "/answers/b"),
        ({**RIGHT, "b": "na"}, "/answers/b"),
        ({**RIGHT, "b": True}, "/answers/b"),
        ({**RIGHT, "b": None}, "/answers/b"),
        ({**RIGHT, "b": math.nan}, "/answers/b"),
        ({**RIGHT, "b": Decimal("Infinity")}, "/answers/b"),
        ({**RIGHT, "b": Decimal("1e-999999999")}, "/answers/b"),
        ({**RIGHT, "b": [1]}, "/answers/b"),
    ],
)
def test_an_answer_that_does_not_fit_is_pointed_at(answers: Any, pointer: str) -> None:
    with pytest.raises(AnswerInvalid) as caught:
        score(card(MAIN), answers)

    assert caught.value.pointer == pointer
    assert caught.value.detail


def broken(path: str, value: Any) -> dict[str, Any]:
    """A sound card with the value at one JSON pointer replaced (or appended at `-`)."""
    raw: Any = whole_card(
        {
            "mode": "sections",
            "pass": 80,
            "sections": [
                ["p", 60, "standard", [["a", 1, 0, 1, None], ["b", 1, 0, 1, None]]],
                ["q", 40, "standard", [["c", 1, 0, 1, None]]],
            ],
        }
    )
    place: Any = raw
    *steps, last = path.strip("/").split("/")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return dict(raw)


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("/mode", "average", "/mode"),
        ("/mode", None, "/mode"),
        ("/mode", ["weighted"], "/mode"),
        ("/sections", [], "/sections"),
        ("/sections", None, "/sections"),
        ("/sections/1", "q", "/sections/1"),
        ("/sections/1/id", "p", "/sections/1/id"),
        ("/sections/1/id", "", "/sections/1/id"),
        ("/sections/1/weight", -1, "/sections/1/weight"),
        ("/sections/1/weight", "40", "/sections/1/weight"),
        ("/sections/1/kind", "extra", "/sections/1/kind"),
        ("/sections/1/criteria", [], "/sections/1/criteria"),
        ("/sections/1/criteria/0/id", "a", "/sections/1/criteria/0/id"),
        ("/sections/0/criteria/1/id", "a", "/sections/0/criteria/1/id"),
        ("/sections/0/criteria/1/weight", -0.5, "/sections/0/criteria/1/weight"),
        ("/sections/0/criteria/1/weight", math.inf, "/sections/0/criteria/1/weight"),
        ("/sections/0/criteria/1/weight", 10**400, "/sections/0/criteria/1/weight"),
        ("/sections/0/criteria/1/weight", Decimal("1e99999999"), "/sections/0/criteria/1/weight"),
        ("/sections/0/criteria/1/scale/max", 0, "/sections/0/criteria/1/scale/max"),
        ("/sections/0/criteria/1/scale/min", 2, "/sections/0/criteria/1/scale/max"),
        ("/sections/0/criteria/1/scale/min", None, "/sections/0/criteria/1/scale/min"),
        ("/sections/0/criteria/1/scale/max", "1", "/sections/0/criteria/1/scale/max"),
        ("/sections/0/criteria/1/scale", None, "/sections/0/criteria/1/scale"),
        ("/sections/0/criteria/1/scale", [0, 1], "/sections/0/criteria/1/scale"),
        ("/sections/0/criteria/1", "b", "/sections/0/criteria/1"),
        ("/sections/0/criteria/1/critical", True, "/sections/0/criteria/1/critical"),
        ("/sections/0/criteria/1/critical", "ticket", "/sections/0/criteria/1/critical"),
        ("/sections/1/criteria/0/weight", 0, "/sections/1/criteria"),
        ("/pass_mark", "80", "/pass_mark"),
        ("/cap_at_100", 1, "/cap_at_100"),
    ],
)
def test_an_unusable_card_is_pointed_at(path: str, value: Any, pointer: str) -> None:
    with pytest.raises(ScorecardInvalid) as caught:
        Scorecard.parse(broken(path, value))

    assert caught.value.pointer == pointer
    assert caught.value.detail


def test_what_a_card_leaves_out_is_as_the_public_shape_says() -> None:
    short: dict[str, Any] = {
        "sections": [
            {
                "id": "s",
                "title": "Solution",
                "criteria": [{"id": "a", "title": "Right", "scale": {"min": 0, "max": 1}}],
            }
        ]
    }

    assert Scorecard.parse(short) == Scorecard.parse(CardIn(**short).model_dump(mode="json"))


@pytest.mark.parametrize("mode", ["weighted", "points", "sections"])
def test_a_card_on_which_nothing_weighs_anything_is_refused(mode: str) -> None:
    for sections in (
        [("s", 0, "standard", [("a", (0,)), ("b", (0,))])],
        [("s", 1, "bonus", [("a", (1,))])],
        [("s", 1, "autofail", [("a", (1,))])],
    ):
        with pytest.raises(ScorecardInvalid, match="weighs anything"):
            card(*sections, mode=mode)


def test_no_valid_review_is_no_iqs() -> None:
    for reviews in ([], [ScoredReview(None), ScoredReview(None, weight=Fraction(2))]):
        total = iqs(reviews)
        assert total.n == 0
        assert total.mean is None
        assert total.weighted is None
        assert total.auto_fail_rate is None
        assert total.excluding_auto_fail is None


def test_iqs_of_auto_failed_reviews_alone_has_nothing_left_without_them() -> None:
    total = iqs([ScoredReview(Fraction(0), True), ScoredReview(Fraction(0), True)])

    assert (total.mean, total.auto_fail_rate, total.excluding_auto_fail) == (0, 100, None)


def test_iqs_weighs_reviews() -> None:
    heavy, light = ScoredReview(Fraction(90), weight=Fraction(3)), ScoredReview(Fraction(50))

    total = iqs([heavy, light])

    assert (total.mean, total.weighted) == (70, 80)
    assert iqs([ScoredReview(Fraction(5), weight=Fraction(0))]).weighted is None
    with pytest.raises(ValueError, match="weigh less"):
        iqs([ScoredReview(Fraction(5), weight=Fraction(-1))])
