-- +goose Up
-- How a case is worked on: who has it, until when it is due, and what was said about it among reviewers. The clock counts
-- business time: due_at while it runs, left_minutes while the payee is waited for.
ALTER TABLE kyc_cases
    ADD COLUMN reviewer_id   bigint      REFERENCES staff,
    ADD COLUMN assigned_at   timestamptz,
    ADD COLUMN due_at        timestamptz,
    ADD COLUMN paused_at     timestamptz,
    ADD COLUMN left_minutes  integer     NOT NULL DEFAULT 0,   -- below zero: it was late already
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN desk          text        NOT NULL DEFAULT '' CHECK (desk IN ('','senior','sanctions','fraud')),  -- that it was escalated to
    ADD COLUMN tags          text[]      NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 10),
    ADD COLUMN asked_at      timestamptz,                      -- when the payee was asked again last
    ADD CHECK (due_at IS NULL OR paused_at IS NULL),
    ADD CHECK ((reviewer_id IS NULL) = (assigned_at IS NULL));
UPDATE kyc_cases SET due_at = submitted_at + interval '3 days' WHERE state IN ('submitted','in_review','second_review');
ALTER TABLE kyc_cases ADD COLUMN queue_at timestamptz GENERATED ALWAYS AS (COALESCE(due_at, paused_at, submitted_at)) STORED;

CREATE INDEX kyc_cases_queue ON kyc_cases (queue_at, id) WHERE state IN ('submitted','in_review','waiting','second_review');
CREATE INDEX kyc_cases_queue_state ON kyc_cases (state, queue_at, id) WHERE state IN ('submitted','in_review','waiting','second_review');
CREATE INDEX kyc_cases_queue_reviewer ON kyc_cases (reviewer_id, queue_at, id) WHERE state IN ('submitted','in_review','waiting','second_review');
CREATE INDEX kyc_cases_queue_kind ON kyc_cases (person_kind, queue_at, id) WHERE state IN ('submitted','in_review','waiting','second_review');
CREATE INDEX kyc_cases_queue_desk ON kyc_cases (desk, queue_at, id) WHERE state IN ('submitted','in_review','waiting','second_review') AND desk <> '';
CREATE INDEX kyc_cases_queue_tags ON kyc_cases USING gin (tags) WHERE state IN ('submitted','in_review','waiting','second_review');

-- What reviewers tell each other about a case. Nothing of it is shown to the payee.
CREATE TABLE kyc_notes (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint      NOT NULL REFERENCES kyc_cases,
    kind       text        NOT NULL CHECK (kind IN ('note','hand_over','escalate','snooze')),
    text       text        NOT NULL CHECK (text <> '' AND length(text) <= 2000),
    mentions   bigint[]    NOT NULL DEFAULT '{}',
    staff_id   bigint      NOT NULL REFERENCES staff,
    staff_name text        NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX kyc_notes_case ON kyc_notes (case_id, id);
CREATE TRIGGER kyc_notes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who has a case open right now. It is worth nothing after a crash.
CREATE UNLOGGED TABLE kyc_presence (
    case_id  bigint      NOT NULL REFERENCES kyc_cases,
    staff_id bigint      NOT NULL REFERENCES staff,
    at       timestamptz NOT NULL,
    PRIMARY KEY (case_id, staff_id)
);

-- When reviewers work, how long a case may take, and how many one of them holds. The newest row holds.
CREATE TABLE kyc_review_settings (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    open_from     integer     NOT NULL CHECK (open_from >= 0),               -- minutes since midnight, in Bogotá
    open_to       integer     NOT NULL CHECK (open_to <= 1440),
    weekdays      integer[]   NOT NULL CHECK (cardinality(weekdays) BETWEEN 1 AND 7 AND weekdays <@ ARRAY[0,1,2,3,4,5,6]),
    due_minutes   integer     NOT NULL CHECK (due_minutes BETWEEN 30 AND 30000),  -- of business time
    amber_minutes integer     NOT NULL CHECK (amber_minutes >= 0),
    capacity      integer     NOT NULL CHECK (capacity BETWEEN 1 AND 500),
    staff_id      bigint      REFERENCES staff,
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (open_from < open_to),
    CHECK (amber_minutes < due_minutes)
);
INSERT INTO kyc_review_settings (open_from, open_to, weekdays, due_minutes, amber_minutes, capacity) VALUES (480, 1020, '{1,2,3,4,5}', 960, 180, 15);
CREATE TRIGGER kyc_review_settings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_review_settings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE saved_views DROP CONSTRAINT saved_views_list_check;
ALTER TABLE saved_views ADD CONSTRAINT saved_views_list_check
    CHECK (list IN ('batches','payouts','failures','commissions','distributors','reviews','orders','webhooks','requests'));

-- +goose Down
DELETE FROM saved_views WHERE list = 'reviews';
ALTER TABLE saved_views DROP CONSTRAINT saved_views_list_check;
ALTER TABLE saved_views ADD CONSTRAINT saved_views_list_check
    CHECK (list IN ('batches','payouts','failures','commissions','distributors','orders','webhooks','requests'));
DROP TABLE kyc_review_settings, kyc_presence, kyc_notes;
ALTER TABLE kyc_cases DROP COLUMN queue_at, DROP COLUMN asked_at, DROP COLUMN tags, DROP COLUMN desk, DROP COLUMN snoozed_until, DROP COLUMN left_minutes,
    DROP COLUMN paused_at, DROP COLUMN due_at, DROP COLUMN assigned_at, DROP COLUMN reviewer_id;
