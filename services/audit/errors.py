"""The problems the audit service answers with."""

from shared.errors import Problem


class ScorecardUnusable(Problem):
    """This scorecard could not score a review"""

    status, slug = 422, "scorecard-invalid"


class ScorecardPublished(Problem):
    """A published version never changes: make a new one"""

    status, slug = 409, "scorecard-published"


class ScorecardNotPublished(Problem):
    """Only a published scorecard version can be used"""

    status, slug = 409, "scorecard-not-published"


class AnswersInvalid(Problem):
    """The answers do not fit the scorecard"""

    status, slug = 422, "answers-invalid"


class AuditAlreadyClaimed(Problem):
    """Somebody has this audit already"""

    status, slug = 409, "audit-already-claimed"


class NothingToClaim(Problem):
    """No audit is waiting that you may review"""

    status, slug = 404, "nothing-to-claim"


class OwnWork(Problem):
    """Nobody reviews their own work"""

    status, slug = 403, "own-work"


class OwnTeam(Problem):
    """Nobody reviews their own team, nor their own vendor where the policy says so"""

    status, slug = 403, "own-team"


class NotAvailable(Problem):
    """Nothing is claimed by somebody who is on leave or not available"""

    status, slug = 409, "not-available"


class AtCapacity(Problem):
    """This specialist has as many audits as they may: review one, or give one back"""

    status, slug = 409, "at-capacity"


class PairLimit(Problem):
    """This specialist has met this agent as often as the policy lets them: leave it to others"""

    status, slug = 409, "pair-limit"


class SpecialistUnfit(Problem):
    """This ticket needs a language or a skill that the specialist's profile does not name"""

    status, slug = 409, "specialist-unfit"


class ExposureUsed(Problem):
    """This ticket is distressing, and the specialist has read as much of that as they should"""

    status, slug = 409, "exposure-used"


class PassedOn(Problem):
    """The specialist has passed this audit on, or takes no distressing ones: it is for others"""

    status, slug = 409, "passed-on"


class NotASpecialist(Problem):
    """Only who reviews audits has a profile as a specialist"""

    status, slug = 422, "not-a-specialist"


class NotYourAudit(Problem):
    """Another specialist has claimed this audit"""

    status, slug = 403, "not-your-audit"


class DraftMoved(Problem):
    """This draft was saved somewhere else since you read it"""

    status, slug = 409, "draft-moved"


class ReleaseHeld(Problem):
    """This review is not released at once: hand it in, as a submission"""

    status, slug = 409, "release-held"


class CheckBarred(Problem):
    """Somebody else has to look at this review"""

    status, slug = 403, "check-barred"


class AlreadyChecked(Problem):
    """Somebody has looked at this review already"""

    status, slug = 409, "already-checked"


class NothingToCheck(Problem):
    """Nobody needs to look at this review: it waits for its time"""

    status, slug = 409, "nothing-to-check"


class HighlightOutside(Problem):
    """A highlight lies outside the messages of the evidence"""

    status, slug = 422, "highlight-outside"


class NotYourReview(Problem):
    """Only who gave a verdict, or a lead, gives it anew"""

    status, slug = 403, "not-your-review"


class ReviewAppealed(Problem):
    """There is an appeal against this review: its ruling decides"""

    status, slug = 409, "review-appealed"


class ReviewSuperseded(Problem):
    """A newer version of this review has replaced it"""

    status, slug = 409, "review-superseded"


class CalibrationIncomplete(Problem):
    """A calibration needs two raters and a sample"""

    status, slug = 422, "calibration-incomplete"


class RaterUnfit(Problem):
    """Somebody may not rate one of these samples"""

    status, slug = 422, "rater-unfit"


class DeadlinePassed(Problem):
    """The deadline of this calibration has passed: nobody could rate"""

    status, slug = 409, "deadline-passed"


class NotARater(Problem):
    """Only who was asked to rate gives ratings"""

    status, slug = 403, "not-a-rater"


class CalibrationNotOpen(Problem):
    """This is not possible in the state that the calibration is in"""

    status, slug = 409, "calibration-not-open"


class RatingFinal(Problem):
    """After the deadline or the reveal, a rating is not replaced"""

    status, slug = 409, "rating-final"


class CalibrationBlind(Problem):
    """Ratings are hidden until everybody has rated or the deadline has passed"""

    status, slug = 409, "calibration-blind"


class CheckExists(Problem):
    """This person has been asked to check this review already"""

    status, slug = 409, "check-exists"


class CheckDone(Problem):
    """This check is done: its answers stay"""

    status, slug = 409, "check-done"


class SamplingImpossible(Problem):
    """These tickets cannot be drawn from in this way: see errors"""

    status, slug = 422, "sampling-impossible"


class SamplingRunExists(Problem):
    """There is a draw of this key and period already, by another question: name it otherwise"""

    status, slug = 409, "sampling-run-exists"


class NotDrawn(Problem):
    """Nothing is drawn yet: wait for the worker, or see why it failed"""

    status, slug = 409, "not-drawn"
