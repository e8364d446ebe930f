"""By which field or mutation each REST address is reached in GraphQL. Data, asked by
`test_everything_is_reachable.py`.

A name alone is a field of Query or Mutation; `Ticket.messages` is a field of what another one leads to.
"""

Address = tuple[str, str]
"""(method, path)"""

REACHED: dict[Address, str] = {
    # people
    ("GET", "/people/viewer"): "viewer",
    ("GET", "/people/permissions"): "permissions",
    ("GET", "/people/trail"): "trail",
    ("POST", "/people/vendors"): "addVendor",
    ("GET", "/people/vendors"): "vendors",
    ("POST", "/people/schedules"): "addSchedule",
    ("POST", "/people/people"): "addPerson",
    ("GET", "/people/people"): "people",
    ("GET", "/people/people/{person_id}"): "person",
    ("PATCH", "/people/people/{person_id}"): "changePerson",
    ("GET", "/people/people/{person_id}/logins"): "Person.logins",
    ("POST", "/people/people/{person_id}/logins"): "addLogin",
    ("DELETE", "/people/people/{person_id}/logins"): "removeLogin",
    ("GET", "/people/service-tokens"): "serviceTokens",
    ("POST", "/people/service-tokens"): "makeServiceToken",
    ("POST", "/people/service-tokens/{token_id}/rotate"): "rotateServiceToken",
    ("POST", "/people/service-tokens/{token_id}/revoke"): "revokeServiceToken",
    ("GET", "/people/signals"): "signals",
    ("POST", "/people/notices"): "publishNotice",
    ("GET", "/people/notices"): "notices",
    ("GET", "/people/notices/{notice_id}"): "notice",
    ("POST", "/people/notices/{notice_id}/acknowledge"): "acknowledgeNotice",
    ("GET", "/people/notices/{notice_id}/readings"): "noticeReadings",
    # feedback
    ("POST", "/feedback/connections"): "connectHelpDesk",
    ("GET", "/feedback/connections"): "connections",
    ("GET", "/feedback/connections/{connection_id}"): "connection",
    ("PATCH", "/feedback/connections/{connection_id}"): "changeConnection",
    ("POST", "/feedback/connections/{connection_id}/rotate-secret"): "rotateConnectionSecret",
    ("POST", "/feedback/connections/{connection_id}/pause"): "pauseConnection",
    ("POST", "/feedback/connections/{connection_id}/resume"): "resumeConnection",
    ("GET", "/feedback/connections/{connection_id}/health"): "connectionHealth",
    ("GET", "/feedback/connections/{connection_id}/dead-letters"): "deadLetters",
    ("GET", "/feedback/connections/{connection_id}/dead-letters/{delivery_id}"): "deadLetter",
    ("POST", "/feedback/connections/{connection_id}/dead-letters/replay"): "replayDeadLetters",
    ("POST", "/feedback/connections/{connection_id}/dead-letters/{delivery_id}/replay"): "replayDeadLetter",
    ("POST", "/feedback/connections/{connection_id}/backfills"): "startBackfill",
    ("GET", "/feedback/connections/{connection_id}/pulls"): "pulls",
    ("GET", "/feedback/pulls/{pull_id}"): "pull",
    ("POST", "/feedback/pulls/{pull_id}/cancel"): "cancelPull",
    ("GET", "/feedback/tickets"): "tickets",
    ("GET", "/feedback/tickets/{ticket_id}"): "ticket",
    ("GET", "/feedback/tickets/{ticket_id}/messages"): "Ticket.messages",
    ("GET", "/feedback/tickets/{ticket_id}/events"): "Ticket.events",
    ("GET", "/feedback/tickets/{ticket_id}/ratings"): "Ticket.ratings",
    ("POST", "/feedback/tickets/{ticket_id}/original"): "openOriginal",
    ("POST", "/feedback/requesters/find"): "findRequesters",
    ("POST", "/feedback/requesters/{requester_id}/identity"): "openRequesterIdentity",
    ("POST", "/feedback/requesters/{requester_id}/access-export"): "exportRequester",
    ("POST", "/feedback/requesters/{requester_id}/erase"): "requestErasure",
    ("GET", "/feedback/erasures"): "erasures",
    ("GET", "/feedback/erasures/{erasure_id}"): "erasure",
    ("POST", "/feedback/erasures/{erasure_id}/approve"): "approveErasure",
    ("POST", "/feedback/erasures/{erasure_id}/refuse"): "refuseErasure",
    ("POST", "/feedback/legal-holds"): "placeLegalHold",
    ("GET", "/feedback/legal-holds"): "legalHolds",
    ("POST", "/feedback/legal-holds/{hold_id}/release"): "releaseLegalHold",
    ("GET", "/feedback/retention"): "retention",
    ("PATCH", "/feedback/retention"): "changeRetention",
    # audit
    ("POST", "/audit/scorecards"): "draftScorecard",
    ("GET", "/audit/scorecards"): "scorecards",
    ("POST", "/audit/scorecards/{scorecard_id}/versions"): "draftScorecardVersion",
    ("GET", "/audit/scorecards/{scorecard_id}/versions"): "scorecardVersions",
    ("POST", "/audit/scorecard-versions/{version_id}/publish"): "publishScorecardVersion",
    ("POST", "/audit/plans"): "planSampling",
    ("GET", "/audit/plans"): "samplingPlans",
    ("POST", "/audit/sampling-runs"): "askForSamplingRun",
    ("POST", "/audit/sampling-runs/outlook"): "previewSamplingRun",
    ("GET", "/audit/sampling-runs"): "samplingRuns",
    ("GET", "/audit/sampling-runs/{run_id}"): "samplingRun",
    ("GET", "/audit/sampling-runs/{run_id}/verification"): "samplingRunVerification",
    ("GET", "/audit/audits"): "audits",
    ("GET", "/audit/audits/{audit_id}"): "audit",
    ("POST", "/audit/audits/claim-next"): "claimNextAudit",
    ("POST", "/audit/audits/{audit_id}/claim"): "claimAudit",
    ("POST", "/audit/audits/{audit_id}/release"): "releaseAudit",
    ("POST", "/audit/audits/{audit_id}/reviews"): "submitReview",
    ("GET", "/audit/reviews"): "reviews",
    ("GET", "/audit/reviews/{review_id}"): "review",
    ("POST", "/audit/reviews/{review_id}/acknowledge"): "acknowledgeReview",
    ("PUT", "/audit/audits/{audit_id}/draft"): "saveReviewDraft",
    ("POST", "/audit/reviews/{review_id}/revise"): "reviseReview",
    ("POST", "/audit/reviews/{review_id}/void"): "voidReview",
    ("POST", "/audit/calibrations"): "prepareCalibration",
    ("GET", "/audit/calibrations"): "calibrations",
    ("GET", "/audit/calibrations/{calibration_id}"): "calibration",
    ("POST", "/audit/calibrations/{calibration_id}/open"): "openCalibration",
    ("POST", "/audit/calibrations/{calibration_id}/ratings"): "rateCalibrationSample",
    ("GET", "/audit/calibrations/{calibration_id}/ratings"): "calibrationRatings",
    ("GET", "/audit/calibrations/{calibration_id}/agreement"): "calibrationAgreement",
    ("POST", "/audit/calibrations/{calibration_id}/agreed"): "agreeOnCalibrationSample",
    ("POST", "/audit/calibrations/{calibration_id}/late"): "countLateRatings",
    ("POST", "/audit/calibrations/{calibration_id}/close"): "closeCalibration",
    ("POST", "/audit/calibrations/{calibration_id}/cancel"): "cancelCalibration",
    ("GET", "/audit/calibration-trend/{scorecard_id}"): "calibrationTrend",
    ("POST", "/audit/review-checks"): "askForReviewCheck",
    ("GET", "/audit/review-checks"): "reviewChecks",
    ("GET", "/audit/review-checks/{check_id}"): "reviewCheck",
    ("POST", "/audit/review-checks/{check_id}/answers"): "answerReviewCheck",
    ("GET", "/audit/specialists/{person_id}/alignment"): "alignment",
    ("GET", "/audit/scorecards/{scorecard_id}/criteria"): "criterionReport",
    # appeals
    ("POST", "/appeals"): "fileAppeal",
    ("GET", "/appeals"): "appeals",
    ("GET", "/appeals/{appeal_id}"): "appeal",
    ("POST", "/appeals/{appeal_id}/take"): "takeAppeal",
    ("POST", "/appeals/{appeal_id}/release"): "releaseAppeal",
    ("POST", "/appeals/{appeal_id}/ruling"): "ruleOnAppeal",
    ("POST", "/appeals/{appeal_id}/withdraw"): "withdrawAppeal",
    # kpi
    ("GET", "/kpi/metrics"): "metricCatalogue",
    ("GET", "/kpi/metrics/{key}/tickets"): "metricTickets",
    ("GET", "/kpi/metrics/{key}"): "metrics",
}

_DOOR = "help desks come in here, with a signature instead of a token; what they send is theirs to shape"
_LINES = "lines without end, which a single JSON answer could not hold"
_PROBE = "asked by what runs the process, before and without anybody's token"
_ISSUER = "asked by libraries that verify tokens, at addresses laid down by OpenID Connect"

NOT_REACHED: dict[Address, str] = {
    ("GET", "/identity/.well-known/openid-configuration"): _ISSUER,
    ("GET", "/identity/jwks"): _ISSUER,
    ("POST", "/feedback/intake/zendesk/{connection_key}"): _DOOR,
    ("POST", "/feedback/intake/freshdesk/{connection_key}"): _DOOR,
    ("POST", "/feedback/intake/salesforce/{connection_key}"): _DOOR,
    ("POST", "/feedback/intake/salesforce/{connection_key}/{token}"): _DOOR,
    ("POST", "/feedback/intake/generic/{connection_key}"): _DOOR,
    ("POST", "/feedback/connections/{connection_id}/bulk"): _LINES,
    ("GET", "/people/people/{person_id}/export"): _LINES,
    ("GET", "/people/trail/export"): _LINES,
    ("GET", "/audit/sampling-runs/{run_id}/inputs"): "a file, as a command takes it",
    ("POST", "/graphql"): "GraphQL itself",
    ("GET", "/graphql/schema.graphql"): "the schema itself, as text",
    ("GET", "/healthz"): _PROBE,
    ("GET", "/readyz"): _PROBE,
    ("GET", "/metrics"): _PROBE,
    ("GET", "/problems"): "what problems mean is read once, by whoever writes a client; they need no token",
}
"""Address → why GraphQL does not lead there."""

ELSEWHERE: dict[str, str] = {
    "limit": "first",
    "x-purpose": "a header of POST /graphql",
    "idempotency-key": "a header of POST /graphql",
}
"""A parameter of REST → what it is in GraphQL."""

TAKEN_IN: dict[str, str] = {"MetricValue.values": "each value says itself what REST says of all of them"}
"""A list inside an answer of REST whose items are what the field of GraphQL is itself → why."""
