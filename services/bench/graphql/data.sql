-- What the GraphQL benchmark reads: tickets of twenty vendors, every second one audited, with reviews of twelve
-- criteria and appeals. Rows come from numbers alone, so that each run reads the same ones. {tickets}: how many.

INSERT INTO vendor (id, key, name, created_at)
SELECT md5('vendor' || n)::uuid, 'vendor-' || n, 'Vendor ' || n, now()
FROM generate_series(0, 19) n;

INSERT INTO person (id, name, role, vendor_id, is_active, created_at)
SELECT md5('agent' || n)::uuid, 'Agent ' || n, 'agent', md5('vendor' || n % 20)::uuid, true, now()
FROM generate_series(0, 599) n
UNION ALL
SELECT md5('lead' || n)::uuid, 'Lead ' || n, 'lead', NULL, true, now() FROM generate_series(1, 16) n
UNION ALL
SELECT md5('specialist' || n)::uuid, 'Specialist ' || n, 'specialist', NULL, true, now()
FROM generate_series(0, 19) n;

INSERT INTO connection (id, key, name, platform, is_test, revision, is_paused, settings, raw_kept_days,
                        resolution_basis, created_at)
VALUES (md5('connection')::uuid, 'bench', 'Bench', 'generic', false, 0, false, '{}', 30, 'history', now());

INSERT INTO scorecard (id, key, name, created_at) VALUES (md5('scorecard')::uuid, 'care', 'Care', now());

INSERT INTO scorecard_version (id, scorecard_id, number, state, card, published_at)
VALUES (md5('version')::uuid, md5('scorecard')::uuid, 1, 'published', '{}', now());

CREATE TEMPORARY TABLE one ON COMMIT DROP AS
SELECT n, md5('ticket' || n)::uuid AS ticket_id, md5('audit' || n)::uuid AS audit_id,
       md5('review' || n)::uuid AS review_id, md5('agent' || n % 600)::uuid AS agent_id,
       md5('vendor' || n % 20)::uuid AS vendor_id,
       timestamptz '2026-01-01 00:00+00' + n * interval '97 seconds' AS created_at
FROM generate_series(1, {tickets}) n;

INSERT INTO ticket (id, connection_id, external_id, told, settled, is_provisional, has_redactions, created_at,
                    updated_at, subject, description, status, priority, channel, language, topic, group_name,
                    vendor_id, assignee_id, tags, is_deleted, is_spam, is_purged, is_erased, redaction_version)
SELECT ticket_id, md5('connection')::uuid, 'T-' || n, '[]', '{}', false, false, created_at,
       created_at + interval '1 day', 'Payout of month ' || n % 12 || ' is late', repeat('What happened. ', 20),
       (ARRAY['new', 'open', 'pending', 'solved', 'closed'])[n / 20 % 5 + 1],
       (ARRAY['low', 'normal', 'high'])[n % 3 + 1], (ARRAY['email', 'chat', 'web', 'phone'])[n % 4 + 1],
       (ARRAY['en', 'de', 'id', 'pt', 'ja'])[n % 7 % 5 + 1], (ARRAY['payout', 'login', 'copyright'])[n % 3 + 1],
       'Group ' || n % 40, vendor_id, agent_id, '["vip", "mobile"]', false, false, false, false, 0
FROM one;

INSERT INTO ticket_fact (ticket_id, connection_id, vendor_id, agent_id, channel, language, topic, is_counted,
                         created_at, first_reply_at, solved_at, first_solved_at, rated_at, first_reply_s,
                         first_resolution_s, full_resolution_s, reopens, agent_replies, is_one_touch, csat_score,
                         clocks)
SELECT ticket_id, md5('connection')::uuid, vendor_id, agent_id,
       (ARRAY['email', 'chat', 'web', 'phone'])[n % 4 + 1], 'en', 'payout', true, created_at,
       created_at + interval '20 minutes', created_at + interval '9 hours', created_at + interval '9 hours',
       created_at + interval '10 hours', 600 + n % 900, 30000 + n % 9000, 30000 + n % 9000, n % 9 / 8, 2,
       n % 3 = 0, n % 5 / 4.0, '{}'
FROM one;

INSERT INTO audit (ticket_id, id, scorecard_version_id, probability, draw, drawn_at, agent_id, vendor_id, state)
SELECT ticket_id, audit_id, md5('version')::uuid, 0.5, '00ff', created_at + interval '1 day', agent_id, vendor_id,
       CASE WHEN n % 10 = 0 THEN 'open' ELSE 'reviewed' END
FROM one WHERE n % 2 = 0;

-- A review and its author each name the other: that is asked when the transaction ends.
INSERT INTO review (ticket_id, id, audit_id, number, scorecard_version_id, agent_id, vendor_id, probability,
                    answers, score, score_exact, auto_failed, passed, sections, summary, released_at,
                    is_imported, is_void, highlights, signed_id)
SELECT ticket_id, review_id, audit_id, 1, md5('version')::uuid, agent_id, vendor_id, 0.5,
       (SELECT jsonb_agg(jsonb_build_object('criterion', 'criterion_' || c, 'value', (n + c) % 5, 'comment',
                                            'As the guideline says, and as the reply shows.'))
        FROM generate_series(1, 12) c),
       60 + n % 40, '4/5', false, n % 40 > 10, '[{"section": "care", "score": "80", "criteria": []}]',
       'Kind and quick.', created_at + interval '2 days', false, false, '[]', review_id
FROM one WHERE n % 2 = 0;

INSERT INTO review_author (ticket_id, review_id, reviewer_id)
SELECT ticket_id, review_id, md5('specialist' || n % 20)::uuid FROM one WHERE n % 2 = 0;

INSERT INTO appeal (ticket_id, id, review_id, agent_id, vendor_id, filed_by, reason, points, state, filed_at,
                    due_at)
SELECT ticket_id, md5('appeal' || n)::uuid, review_id, agent_id, vendor_id, agent_id, 'wrong_fact', '[]', 'open',
       created_at + interval '3 days', created_at + interval '8 days'
FROM one WHERE n % 20 = 0;

-- PostGraphile follows foreign keys: these relations are in the rows, and not in the schema.
COMMENT ON TABLE audit IS '@foreignKey (agent_id) references person (id)';
COMMENT ON TABLE ticket IS '@foreignKey (assignee_id) references person (id)';
