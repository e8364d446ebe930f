"""Scorecards as people use them: criteria that come and go with other answers, reasons for low ratings,
choices, forms that are tried out, compared, and carried away."""

import copy
from typing import Any

import pytest
from quick_tickets import agent_of, solved, waiting_audits
from world import World

YES_NO = {"kind": "binary"}
ONE = {"value": 1, "title": "One"}
CARD: dict[str, Any] = {
    "pass_mark": 80,
    "sections": [
        {
            "id": "refund", "title": "Refund", "criteria": [
                {"id": "asked", "title": "A refund was asked for", "weight": 0, "scale": YES_NO},
                {
                    "id": "granted", "title": "Granted by the rules", "weight": 3,
                    "scale": {
                        "kind": "choice", "options": [
                            {"value": 0, "title": "Against the rules", "auto_fail": True},
                            {"value": 1, "title": "Too little", "worth": 40},
                            {"value": 2, "title": "As they say"},
                        ],
                    },
                    "shown_when": {"criterion": "asked", "values": [1]}, "sop": "SOP-7#refunds",
                },
                {
                    "id": "tone", "title": "Tone", "weight": 1,
                    "scale": {"kind": "points", "min": 1, "max": 5}, "na_allowed": False,
                    "reasons": [{"id": "curt", "title": "Curt"}, {"id": "rude", "title": "Rude"}],
                    "reason_below": 50, "comment_below": 25,
                },
                {"id": "note", "title": "What else", "scale": {"kind": "text"}},
            ],
        }
    ],
}  # fmt: skip


def rated(**values: Any) -> dict[str, Any]:
    """Answers: a value, or (value, more)."""
    pairs = [(name, one if isinstance(one, tuple) else (one, {})) for name, one in values.items()]
    return {"answers": [{"criterion": name, "value": value} | more for name, (value, more) in pairs]}


GOOD = rated(asked=1, granted=2, tone=5, note=("NA", {"comment": "A kind one."}))
WITHOUT_REFUND = rated(asked=0, tone=5, note="NA")


class Forms:
    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self, card: Any = CARD) -> "Forms":
        self.lead = await self.world.person("lead", "Lena")
        self.version = await self.world.scorecard("refunds", card)
        return self

    async def tried(self, answers: Any, *, status: int = 200, **form: Any) -> Any:
        form = form or {"scorecard_version_id": self.version["id"]}
        return await self.world.post("/audit/scorecards/try", form | answers, by=self.lead, status=status)

    async def faults(self, answers: Any) -> list[tuple[str, str]]:
        problem = await self.tried(answers, status=422)
        return [(one["pointer"], one["code"]) for one in problem["errors"]]

    async def told(self, what: str, *, version: Any = None, status: int = 200) -> Any:
        path = f"/audit/scorecard-versions/{(version or self.version)['id']}/{what}"
        return await self.world.get(path, by=self.lead, status=status)


@pytest.fixture
async def forms(world: World) -> Forms:
    return await Forms(world).of()


# ---- What is shown, and what is asked for -----------------------------------------------------------


async def test_r34_a_criterion_that_an_answer_hides_is_not_asked_for_and_counts_nowhere(
    forms: Forms,
) -> None:
    shown, hidden = await forms.tried(GOOD), await forms.tried(WITHOUT_REFUND)
    assert (shown["score"], shown["hidden"], shown["at_stake"]) == (100, [], 4)
    assert (hidden["score"], hidden["hidden"], hidden["at_stake"]) == (100, ["granted"], 1)
    # and answering it all the same is refused, where it stands
    assert await forms.faults(rated(asked=0, granted=2, tone=5, note="NA")) == [
        ("/answers/1/value", "answer-hidden")
    ]
    # as is leaving out what is shown
    assert await forms.faults(rated(asked=1, tone=5, note="NA")) == [("/answers", "answer-missing")]


async def test_what_hangs_on_a_hidden_criterion_is_hidden_too(world: World) -> None:
    card = copy.deepcopy(CARD)
    more = {
        "id": "how",
        "title": "How",
        "scale": YES_NO,
        "shown_when": {"criterion": "granted", "at_least": 1},
    }
    card["sections"][0]["criteria"].append(more)
    forms = await Forms(world).of(card)
    assert (await forms.tried(WITHOUT_REFUND))["hidden"] == ["granted", "how"]


async def test_everything_that_is_wrong_is_told_at_once(forms: Forms) -> None:
    wrong = rated(asked=0.5, tone=("NA", {}), note=(3, {}), nothing=1)
    assert await forms.faults(wrong) == [
        ("/answers/0/value", "answer-invalid"), ("/answers/1/value", "na-not-allowed"),
        ("/answers/2/value", "answer-invalid"), ("/answers/3/criterion", "unknown-criterion"),
    ]  # fmt: skip


async def test_r35_a_low_rating_names_its_reason_and_a_very_low_one_is_explained(forms: Forms) -> None:
    def tone(value: int, **more: Any) -> dict[str, Any]:
        return rated(asked=0, tone=(value, more), note="NA")

    place = "/answers/1"
    assert await forms.faults(tone(2)) == [(f"{place}/reason", "reason-required")]
    assert await forms.faults(tone(1)) == [
        (f"{place}/reason", "reason-required"), (f"{place}/comment", "comment-required"),
    ]  # fmt: skip
    assert await forms.faults(tone(2, reason="loud")) == [(f"{place}/reason", "unknown-reason")]
    assert (await forms.tried(tone(2, reason="curt")))["score"] == 25
    assert (await forms.tried(tone(1, reason="rude", comment="He shouted.")))["outcome"] == "failed"


async def test_an_option_is_worth_what_it_says_and_may_fail_the_whole_review(forms: Forms) -> None:
    little = await forms.tried(rated(asked=1, granted=1, tone=5, note="NA"))
    assert (little["score"], little["outcome"]) == (55, "failed")
    against = await forms.tried(rated(asked=1, granted=0, tone=5, note="NA"))
    assert (against["score"], against["outcome"], against["failed_criteria"]) == (
        0,
        "auto_failed",
        ["granted"],
    )
    assert against["score_without_auto_fail"] == 25
    assert await forms.faults(rated(asked=1, granted=1.5, tone=5, note="NA")) == [
        ("/answers/1/value", "answer-invalid")
    ]


async def test_an_outcome_stands_apart_from_its_number(forms: Forms) -> None:
    everything = rated(asked=0, tone=(1, {"reason": "rude", "comment": "x"}), note="NA")
    assert (await forms.tried(everything))["outcome"] == "failed"
    open_ended = {**CARD, "pass_mark": None}
    assert (await forms.tried(GOOD, card=open_ended))["outcome"] == "scored"
    nothing = {
        "sections": [{"id": "s", "title": "S", "criteria": [{"id": "a", "title": "A", "scale": YES_NO}]}]
    }
    told = await forms.tried(rated(a="NA"), card=nothing)
    assert (told["outcome"], told["score"], told["score_exact"]) == ("not_scored", None, None)


# ---- Reviews with it --------------------------------------------------------------------------------


async def test_what_was_hidden_is_told_apart_from_what_did_not_apply_and_a_ruling_may_show_it(
    world: World,
) -> None:
    # given a review in which no refund had been asked for
    forms = await Forms(world).of()
    connection = await world.connection()
    plan = {"key": "p", "connection_id": connection["id"], "rate": 1, "seed": "s"}
    await world.post("/audit/plans", plan | {"scorecard_version_id": forms.version["id"]}, by=forms.lead)
    await world.tell(solved("1"))
    mara = await world.person("specialist", "Mara")
    audit = await world.post("/audit/audits/claim-next", by=mara, status=200)
    review = await world.post(f"/audit/audits/{audit['id']}/reviews", WITHOUT_REFUND, by=mara)
    by_name = {one["criterion"]: one for one in review["answers"]}
    assert by_name["granted"] == {"criterion": "granted", "value": "NA", "comment": None, "is_hidden": True}
    assert "is_hidden" not in by_name["note"]
    path = f"/audit/scorecards/{forms.version['scorecard_id']}/criteria"
    report = {one["criterion"]: one for one in (await world.get(path))["criteria"]}
    assert (report["granted"]["not_applicable"], report["note"]["not_applicable"]) == (0, 1)
    # when a ruling says that it had been
    agent, resolver = agent_of(connection), await world.person("specialist", "Rosa")
    points = [{"criterion": "asked", "proposed_value": 1, "text": "It was."}]
    filed = {"review_id": review["id"], "reason": "other", "points": points}
    appeal = await world.post("/appeals", filed, by=agent)
    await world.post(f"/appeals/{appeal['id']}/take", by=resolver, status=200)
    ruling = {"outcome": "overturned", "reason": "reviewer_error", "text": "Yes.",
              "changes": [{"criterion": "asked", "value": 1}]}  # fmt: skip
    await world.post(f"/appeals/{appeal['id']}/ruling", ruling, by=resolver, status=200)
    await world.worker.drain()
    # then what it shows was never judged: it does not apply, and nothing is lost on the way
    new = (await world.get(f"/audit/reviews?audit_id={audit['id']}&current=true"))["items"][0]
    answers = {one["criterion"]: one for one in new["answers"]}
    assert (answers["asked"]["value"], answers["granted"]["value"]) == (1, "NA")
    assert "is_hidden" not in answers["granted"]
    assert (await world.get("/audit/reviews?scorecard_version_id=" + forms.version["id"]))["items"]


# ---- Forms that cannot be used ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "change", "pointer"),
    [
        (0, {"shown_when": {"criterion": "granted", "below": 2}}, "/shown_when"),
        (2, {"shown_when": {"criterion": "nothing", "below": 2}}, "/shown_when/criterion"),
        (2, {"shown_when": {"criterion": "note", "below": 2}}, "/shown_when/criterion"),
        (2, {"shown_when": {"criterion": "asked", "values": [7]}}, "/shown_when"),
        (2, {"shown_when": {"criterion": "asked"}}, "/shown_when"),
        (2, {"shown_when": {"criterion": "tone", "at_least": 2}}, "/shown_when"),
        (2, {"reasons": []}, "/reasons"),
        (2, {"scale": {"kind": "points", "min": 1, "max": 1.5}}, "/scale/max"),
        (2, {"scale": {"kind": "numeric", "min": 1}}, "/scale/max"),
        (2, {"scale": {"kind": "choice", "options": [ONE]}}, "/scale/options"),
        (2, {"scale": {"kind": "choice", "options": [ONE, ONE]}}, "/scale/options/1/value"),
        (3, {"critical": "review"}, "/critical"),
    ],
    ids=["R33-circle", "R33-unknown", "words", "out-of-reach", "empty", "on-itself", "no-reasons", "no-point",
         "no-end", "one-option", "same-option", "words-fail"],
)  # fmt: skip
async def test_a_form_that_cannot_be_used_is_refused_where_it_is_wrong(
    world: World, place: int, change: Any, pointer: str
) -> None:
    card = copy.deepcopy(CARD)
    card["sections"][0]["criteria"][place] |= change
    problem = await world.post("/audit/scorecards", {"key": "k", "name": "K", "card": card}, status=422)
    assert problem["type"] == "/problems/scorecard-invalid"
    assert [one["pointer"] for one in problem["errors"]] == [f"/card/sections/0/criteria/{place}{pointer}"]


# ---- Drafts, versions, files ------------------------------------------------------------------------


async def test_a_draft_is_changed_by_whoever_has_seen_it_and_a_published_one_never(
    forms: Forms,
) -> None:
    world, headers = forms.world, forms.world.as_(forms.lead)
    path = f"/audit/scorecards/{forms.version['scorecard_id']}/versions"
    draft = await world.post(path, {"card": CARD}, by=forms.lead)
    at = f"/audit/scorecard-versions/{draft['id']}"
    seen = await world.client.get(at, headers=headers)
    changed = {**CARD, "pass_mark": 90}
    put = await world.client.put(
        at, json={"card": changed}, headers=headers | {"if-match": seen.headers["etag"]}
    )
    assert (put.status_code, put.json()["card"]["pass_mark"]) == (200, 90)
    # and whoever saw it before is told so
    late = await world.client.put(
        at, json={"card": CARD}, headers=headers | {"if-match": seen.headers["etag"]}
    )
    assert late.status_code == 412
    await world.post(f"{at}/publish", by=forms.lead, status=200)
    refused = await world.client.put(at, json={"card": CARD}, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/scorecard-published")


async def test_two_versions_are_compared_criterion_by_criterion(forms: Forms) -> None:
    card = copy.deepcopy(CARD)
    criteria = card["sections"][0]["criteria"]
    criteria[2]["weight"] = 2
    criteria.pop(3)
    card["sections"].append({"id": "more", "title": "More", "criteria": [criteria.pop(0)]})
    path = f"/audit/scorecards/{forms.version['scorecard_id']}/versions"
    draft = await forms.world.post(path, {"card": card}, by=forms.lead)
    told = await forms.told("diff", version=draft)
    assert (told["from_number"], told["to_number"], told["is_comparable"]) == (1, 2, True)
    short = [(one["what"], one["id"], one["change"], one["field"]) for one in told["changes"]]
    assert short == [
        ("section", "more", "added", None), ("criterion", "tone", "changed", "weight"),
        ("criterion", "asked", "moved", "section"), ("criterion", "note", "removed", None),
    ]  # fmt: skip
    # and what is answered otherwise is not comparable
    card["sections"][0]["criteria"][1]["scale"]["max"] = 7
    other = await forms.world.post(path, {"card": card}, by=forms.lead)
    assert (await forms.told("diff", version=other))["is_comparable"] is False
    # the first one has nothing before it; and another scorecard's version is none of its
    assert (await forms.told("diff"))["from_number"] == 0
    stranger = await forms.world.scorecard("another")
    await forms.told(f"diff?from_id={stranger['id']}", status=404)


async def test_a_scorecard_is_carried_away_as_a_file_and_comes_back_the_same(forms: Forms) -> None:
    file = await forms.told("export")
    again = await forms.world.post("/audit/scorecards/import", file, by=forms.lead)
    assert (again["scorecard_id"], again["number"], again["state"]) == (
        forms.version["scorecard_id"], 2, "draft",
    )  # fmt: skip
    assert again["card"] == forms.version["card"]
    elsewhere = await forms.world.post("/audit/scorecards/import", file | {"key": "other"}, by=forms.lead)
    assert (elsewhere["number"], elsewhere["card"]) == (1, forms.version["card"])
    assert (await forms.told("diff", version=again))["changes"] == []


async def test_which_reviews_used_a_version_is_told(world: World) -> None:
    await waiting_audits(world, 2)
    mara = await world.person("specialist", "Mara")
    review = await world.reviewed(mara)
    used = await world.get(f"/audit/scorecard-versions/{review['scorecard_version_id']}/usage")
    assert (used["audits"], used["reviews"], used["first_released_at"]) == (2, 1, review["released_at"])


async def test_a_scorecard_is_for_the_tickets_it_says(world: World) -> None:
    # given a scorecard for German, one for everything, and one that is still a draft
    connection = await world.connection()
    german = {**CARD, "applies_to": {"languages": ["de"]}}
    await world.scorecard("german", german)
    everything = await world.scorecard("everything", CARD)
    await world.post("/audit/scorecards", {"key": "draft", "name": "D", "card": CARD})
    await world.tell(solved("1", language="de-AT"), solved("2", language="fr"))
    found = {}
    for ticket in (await world.get("/feedback/tickets"))["items"]:
        listed = await world.get(f"/audit/tickets/{ticket['id']}/scorecards")
        found[ticket["language"]] = len(listed)
        assert everything["id"] in {one["id"] for one in listed}
    assert found == {"de-AT": 2, "fr": 1}, connection
