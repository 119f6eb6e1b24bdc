-- +goose Up
-- Approval rules as data. A version is drafted, consented to by a second person, and never changed again: batches name
-- the version that was applied to them.
CREATE TABLE rule_versions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      integer     NOT NULL UNIQUE CHECK (number > 0),
    state       text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft','waiting','in_force','replaced')),
    rules       jsonb       NOT NULL DEFAULT '[]',           -- in order: see models.ApprovalRule
    expire_days integer     NOT NULL DEFAULT 7 CHECK (expire_days BETWEEN 1 AND 90), -- unapproved for longer, a batch expires
    author_ids  bigint[]    NOT NULL DEFAULT '{}',           -- everybody who changed the draft or asked for its publication
    decider_id  bigint      REFERENCES staff,                -- who consented
    in_force_at timestamptz,
    replaced_at timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (decider_id IS NULL OR decider_id <> ALL (author_ids)),
    -- The first version is the product's own: one approver.
    CHECK (state IN ('draft','waiting') OR number = 1 OR decider_id IS NOT NULL AND cardinality(author_ids) > 0),
    CHECK ((state IN ('in_force','replaced')) = (in_force_at IS NOT NULL)),
    CHECK ((state = 'replaced') = (replaced_at IS NOT NULL))
);
CREATE UNIQUE INDEX rule_versions_in_force ON rule_versions (state) WHERE state = 'in_force';
CREATE UNIQUE INDEX rule_versions_open ON rule_versions ((true)) WHERE state IN ('draft','waiting');
-- +goose StatementBegin
CREATE FUNCTION guard_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'version % of the approval rules is no draft and stays', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.number <> OLD.number OR (OLD.state, NEW.state) NOT IN
        (('draft','draft'), ('draft','waiting'), ('waiting','draft'), ('waiting','in_force'), ('in_force','replaced')) THEN
        RAISE EXCEPTION 'version % of the approval rules cannot go from % to %', OLD.number, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.state <> 'draft' OR NEW.state <> 'draft') AND (NEW.rules, NEW.expire_days) IS DISTINCT FROM (OLD.rules, OLD.expire_days)
        OR OLD.state <> 'draft' AND NEW.author_ids IS DISTINCT FROM OLD.author_ids
        OR OLD.state = 'in_force' AND (NEW.decider_id, NEW.in_force_at) IS DISTINCT FROM (OLD.decider_id, OLD.in_force_at) THEN
        RAISE EXCEPTION 'version % of the approval rules can only be changed while it is a draft', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER rule_versions_guard BEFORE UPDATE OR DELETE ON rule_versions FOR EACH ROW EXECUTE FUNCTION guard_rules();
CREATE TRIGGER rule_versions_kept BEFORE TRUNCATE ON rule_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
INSERT INTO rule_versions (number, state, in_force_at) VALUES (1, 'in_force', now());

-- Who is away when, and who decides in their stead.
CREATE TABLE absences (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id    bigint      NOT NULL REFERENCES staff,
    from_day    date        NOT NULL,                       -- in Bogotá, both days included
    to_day      date        NOT NULL,
    delegate_id bigint      REFERENCES staff,
    ended_at    timestamptz,                                -- taken back before its time
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (to_day >= from_day),
    CHECK (delegate_id <> staff_id)
);
CREATE INDEX absences_staff ON absences (staff_id, to_day) WHERE ended_at IS NULL;

-- A batch is evaluated when it is submitted, and again whenever its content changes: each time is a round, with steps of
-- its own, and approvals of earlier rounds do not count.
ALTER TABLE batches
    ADD COLUMN rules_id   bigint      REFERENCES rule_versions,
    ADD COLUMN rules_why  jsonb       NOT NULL DEFAULT '[]', -- which rules matched and by what: see models.RuleMatch
    ADD COLUMN round      integer     NOT NULL DEFAULT 0,
    ADD COLUMN expires_at timestamptz,                       -- when it expires unapproved
    ADD COLUMN stuck_step integer,                           -- the step that finds nobody, while blocked
    ADD CONSTRAINT batches_stuck CHECK ((state = 'blocked') = (stuck_step IS NOT NULL));

CREATE TABLE batch_steps (
    batch_id bigint  NOT NULL REFERENCES batches,
    round    integer NOT NULL,
    step     integer NOT NULL CHECK (step > 0),
    rule     text    NOT NULL DEFAULT '',                   -- name of the rule that demands it, '' for the default
    mode     text    NOT NULL CHECK (mode IN ('any','all','n_of')),
    roles    text[]  NOT NULL DEFAULT '{}',
    people   bigint[] NOT NULL DEFAULT '{}',
    needed   integer NOT NULL CHECK (needed > 0),           -- approvals by different people
    PRIMARY KEY (batch_id, round, step),
    CHECK ((roles = '{}') <> (people = '{}'))
);
CREATE TRIGGER batch_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_steps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was submitted before there were rules: one approver.
UPDATE batches SET rules_id = (SELECT id FROM rule_versions WHERE number = 1), round = 1, expires_at = submitted_at + interval '7 days'
WHERE content_hash IS NOT NULL;
INSERT INTO batch_steps (batch_id, round, step, mode, roles, needed) SELECT id, 1, 1, 'any', '{approver}', 1 FROM batches WHERE round = 1;

ALTER TABLE batch_decisions
    ADD COLUMN round  integer NOT NULL DEFAULT 1,
    ADD COLUMN step   integer NOT NULL DEFAULT 1,
    ADD COLUMN for_id bigint  REFERENCES staff,             -- in whose stead
    ADD CHECK (for_id IS NULL OR for_id <> maker_id AND for_id <> editor_id AND for_id <> staff_id);
DROP INDEX batch_decisions_once;
CREATE UNIQUE INDEX batch_decisions_once ON batch_decisions (batch_id, round, content_hash, staff_id) WHERE decision = 'approve';

-- unmet_step is the first step of a batch's present round that lacks approvals of its present content; null when none
-- does, and when there are no steps.
-- +goose StatementBegin
CREATE FUNCTION unmet_step(batch bigint, of_round integer, hash bytea) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT min(s.step) FROM batch_steps s
    WHERE s.batch_id = batch AND s.round = of_round AND s.needed > (
        SELECT count(DISTINCT d.staff_id) FROM batch_decisions d
        WHERE d.batch_id = batch AND d.round = of_round AND d.step = s.step AND d.decision = 'approve' AND d.content_hash = hash)
$$;
CREATE OR REPLACE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted batch_steps;
BEGIN
    -- A plain foreign key would forbid a later edit by somebody else, so the tie is checked when the decision is made.
    PERFORM 1 FROM batches WHERE id = NEW.batch_id AND maker_id = NEW.maker_id AND editor_id = NEW.editor_id
        AND content_hash = NEW.content_hash AND round = NEW.round AND state = 'in_approval' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'decision on batch % does not match its maker, editor, content, round or state', NEW.batch_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.decision <> 'approve' THEN
        RETURN NEW;
    END IF;
    SELECT * INTO wanted FROM batch_steps WHERE batch_id = NEW.batch_id AND round = NEW.round
        AND step = unmet_step(NEW.batch_id, NEW.round, NEW.content_hash);
    IF wanted.step IS DISTINCT FROM NEW.step THEN
        RAISE EXCEPTION 'step % of batch % is not the one that waits', NEW.step, NEW.batch_id USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM batch_decisions WHERE batch_id = NEW.batch_id AND round = NEW.round AND content_hash = NEW.content_hash AND decision = 'approve'
            AND (staff_id IN (NEW.staff_id, NEW.for_id) OR for_id IN (NEW.staff_id, NEW.for_id))) THEN
        RAISE EXCEPTION 'nobody counts twice on batch %', NEW.batch_id USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM staff WHERE id = NEW.staff_id AND 'approver' = ANY (roles)
            AND CASE WHEN wanted.people = '{}' THEN NEW.for_id IS NULL AND roles && wanted.roles
                ELSE COALESCE(NEW.for_id, NEW.staff_id) = ANY (wanted.people) END) THEN
        RAISE EXCEPTION 'staff % cannot decide in step % of batch %', NEW.staff_id, NEW.step, NEW.batch_id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.for_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM absences WHERE staff_id = NEW.for_id AND delegate_id = NEW.staff_id AND ended_at IS NULL
            AND CAST(NEW.at AT TIME ZONE 'America/Bogota' AS date) BETWEEN from_day AND to_day) THEN
        RAISE EXCEPTION 'staff % does not stand in for %', NEW.staff_id, NEW.for_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- Who prepared a batch stays who prepared it, and a batch is approved by every approval that its steps demand, on its
-- present content, or not at all.
CREATE OR REPLACE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.maker_id <> OLD.maker_id THEN
        RAISE EXCEPTION 'the maker of batch % cannot be changed', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.round < OLD.round THEN
        RAISE EXCEPTION 'batch % cannot go back to round %', NEW.id, NEW.round USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('approved','dispatching','done') AND OLD.state NOT IN ('approved','dispatching','done') AND (
        unmet_step(NEW.id, NEW.round, NEW.content_hash) IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM batch_steps WHERE batch_id = NEW.id AND round = NEW.round)) THEN
        RAISE EXCEPTION 'batch % lacks approvals of its content', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER batches_guard ON batches;
CREATE TRIGGER batches_guard BEFORE UPDATE OF state, maker_id, round ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch();

-- +goose Down
DROP TRIGGER batches_guard ON batches;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM batches WHERE id = NEW.batch_id AND maker_id = NEW.maker_id AND editor_id = NEW.editor_id
                   AND content_hash = NEW.content_hash AND state = 'in_approval') THEN
        RAISE EXCEPTION 'decision on batch % does not match its maker, editor, content or state', NEW.batch_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.maker_id <> OLD.maker_id THEN
        RAISE EXCEPTION 'the maker of batch % cannot be changed', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
        SELECT 1 FROM batch_decisions WHERE batch_id = NEW.id AND decision = 'approve' AND content_hash = NEW.content_hash) THEN
        RAISE EXCEPTION 'nobody approved the content of batch %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER batches_guard BEFORE UPDATE OF state, maker_id ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch();
DROP FUNCTION unmet_step;
DROP INDEX batch_decisions_once;
ALTER TABLE batch_decisions DROP COLUMN round, DROP COLUMN step, DROP COLUMN for_id;
CREATE UNIQUE INDEX batch_decisions_once ON batch_decisions (batch_id, content_hash, staff_id) WHERE decision = 'approve';
DROP TABLE batch_steps;
ALTER TABLE batches DROP CONSTRAINT batches_stuck, DROP COLUMN rules_id, DROP COLUMN rules_why, DROP COLUMN round, DROP COLUMN expires_at, DROP COLUMN stuck_step;
DROP TABLE absences, rule_versions;
DROP FUNCTION guard_rules;
