"""Every guard in the services' code is taken out, one at a time: a probe notices. What nothing notices guards
nothing, or nobody tries it. Guards are found by reading the code: a new one without a probe is red here.
"""

from collections.abc import Sequence

from guard_callers import Callers
from guard_probes import PROBES
from guard_work_probes import Probe
from guards import chosen, mutants, taken_out

from shared.errors import Problem, all_problems

ELSEWHERE = {
    "shared.auth:permit": "each route has one of its own: test_guarded_operations.py",
    "shared.trail:write": "says who it was and keeps nobody out: tests/shared/test_trail.py",
    "services.people.directory.queries:select_trail": "what a caller filters by: the rows are the policies'",
    "services.people.directory.queries:lock_administrators": "only two at once meet there: "
    "tests/people/test_last_administrator.py",
    "services.audit.reviews.service:submit_review": "the policy holds it, whoever asks: "
    "tests/audit/test_releases.py",
    "services.feedback.pull.service:catch_up": "tells the worker to wait; nobody asks it",
    "services.feedback.inbox.service:Inbox.receive": "a secret that changes while a delivery is on its way: "
    "tests/feedback/test_intake_guards.py",
    "services.gateway.live.following:Following.end": "what events show: tests/gateway/test_live.py",
    "services.gateway.live.following:Following._enter": "what each field asks when it begins, asked again at "
    "each event: tests/gateway/test_live_wire.py",
    "services.gateway.streaming.socket:_refusal": "a handshake: tests/gateway/test_live_wire.py",
    "services.gateway.topics.live:TicketFactsChanged.ticket": "in an event: tests/gateway/test_live_wire.py",
    **dict.fromkeys(
        (
            f"services.gateway.topics.live:LiveSubscription.{field}"
            for field in ("audit_moved", "appeal_moved", "ticket_facts_changed")
        ),
        "a stream: tests/gateway/test_live_wire.py; and that it is asked first, tests/architecture",
    ),
}
"""Places that no probe here asks, each with the reason."""
NOT_MISSED = {
    "services.appeals.service:file_appeal: no NotYours where review.agent_id is None": "`may_file` says "
    "no to it as well; it is there for the types",
    "shared.tokens:Verifier.verify: no Unauthenticated where not isinstance(kid, str)": "the library refuses "
    "such a header before; it is there for whoever changes the library",
    "shared.tokens:Verifier.verify: no Unauthenticated where key.algorithm_name != algorithm": "`_claims` "
    "lets the library take the key's own algorithm only",
}
AT_ONCE = "only two who ask at once meet it: tests/people/test_last_administrator.py"
_CHANGE = "services.people.directory.service:change_person"
_NO_MORE = "actor.id not in await queries.lock_administrators(session)"
NOT_MISSED |= {
    f"{_CHANGE}: no Forbidden where ends and {_NO_MORE}": AT_ONCE,
    f"{_CHANGE}: {_NO_MORE} is False": AT_ONCE,
    f"{_CHANGE}: actor.role is Role.ADMIN is False": AT_ONCE,
}
"""Guards without which each probe is answered the same, each with the reason."""


async def unexpected(callers: Callers, probes: Sequence[Probe]) -> str | None:
    """The first answer that is not what it has to be."""
    for probe in probes:
        answer = await callers.ask(probe)
        if answer != probe.expects:
            return f"{probe.who}: {probe.call}: {answer}, not {probe.expects}"
    return None


def test_every_guard_that_the_code_holds_has_probes() -> None:
    places = {one.place for one in mutants()}
    assert len(mutants()) > 140, "they are all there"
    assert places - PROBES.keys() - ELSEWHERE.keys() == set(), "give each of them probes that miss it"
    assert (PROBES.keys() | ELSEWHERE.keys()) - places == set(), "there is no guard any more"
    assert PROBES.keys() & ELSEWHERE.keys() == set()
    assert NOT_MISSED.keys() - {one.name for one in mutants()} == set(), "there is no such guard any more"


async def test_every_probe_is_answered_as_it_has_to_be(callers: Callers) -> None:
    every = {id(one): one for some in PROBES.values() for one in some}.values()
    wrong = [found for one in every if (found := await unexpected(callers, [one]))]
    assert wrong == [], "\n".join(wrong)


async def test_each_guard_is_missed_when_it_is_gone(callers: Callers) -> None:
    tried = [one for one in mutants() if one.place not in ELSEWHERE and chosen(one.name)]
    unnoticed, noticed = [], []
    for mutant in tried:
        with taken_out(mutant):
            found = await unexpected(callers, PROBES[mutant.place])
        callers.forget()
        (noticed if found else unnoticed).append(mutant.name)
    print(f"{len(tried)} guards taken out, {len(noticed)} missed, {len(unnoticed)} not")
    unknown = [one for one in unnoticed if one not in NOT_MISSED]
    assert unknown == [], "\n".join(unknown)
    needless = [one for one in noticed if one in NOT_MISSED]
    assert needless == [], "\n".join(needless)


def test_every_problem_that_keeps_somebody_out_is_probed() -> None:
    probed = {word for some in PROBES.values() for probe in some for word in probe.expects.split()}
    kinds = {one for one in all_problems(Problem) if one.status in (401, 403, 409)}
    assert {one.slug for one in kinds} - probed - NOT_ASKED.keys() == set(), "they have no probe"


NOT_ASKED = {
    "origin-not-allowed": "says which pages may ask, whoever looks at them: tests/edges/test_browsers.py",
    "release-held": "the policy says so, whoever asks: tests/audit/test_releases.py",
    "conflict": "a name that is taken: a unique key answers",
}
"""Problems of 401, 403 and 409 that no guard of these places gives, each with the reason."""
