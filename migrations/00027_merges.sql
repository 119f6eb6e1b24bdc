-- +goose Up
-- Records of distributors that look like the same person share a document however it is written, a phone, or an account.
ALTER TABLE distributors ADD COLUMN doc_key text NOT NULL GENERATED ALWAYS AS (ltrim(doc_number, '0')) STORED;
ALTER TABLE payout_methods ADD COLUMN account_key text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN bre_b_key <> '' THEN 'bre_b ' || lower(bre_b_key)
         WHEN account_number <> '' THEN CASE kind WHEN 'nequi' THEN '507' WHEN 'daviplata' THEN '551' ELSE bank_code END || ' ' || ltrim(account_number, '0')
         ELSE '' END) STORED;
CREATE INDEX distributors_doc_key ON distributors (doc_key, id) WHERE doc_key <> '';
DROP INDEX distributors_phone;
CREATE INDEX distributors_phone ON distributors (phone, id);
DROP INDEX payout_methods_account;
CREATE INDEX payout_methods_account ON payout_methods (account_key, distributor_id) WHERE account_key <> '';

-- A record that went into another one is kept; it is not paid any more. Its document is free for the one it went into.
ALTER TABLE distributors
    ADD COLUMN merged_into bigint REFERENCES distributors,
    DROP CONSTRAINT distributors_country_doc_type_doc_number_key,
    DROP CONSTRAINT distributors_verification_check,
    ADD CONSTRAINT distributors_verification_check CHECK (verification IN ('unverified','verified','suspended','expired','merged')),
    ADD CONSTRAINT distributors_merged CHECK ((verification = 'merged') = (merged_into IS NOT NULL) AND merged_into <> id);
CREATE UNIQUE INDEX distributors_document_once ON distributors (country, doc_type, doc_number) WHERE merged_into IS NULL;
CREATE INDEX distributors_merged_into ON distributors (merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE verifications
    DROP CONSTRAINT verifications_to_state_check,
    ADD CONSTRAINT verifications_to_state_check CHECK (to_state IN ('unverified','verified','suspended','expired','merged'));

-- Pairs that share something, kept up to date by those who write distributors and methods.
CREATE TABLE likenesses (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_id  bigint NOT NULL REFERENCES distributors,
    second_id bigint NOT NULL REFERENCES distributors,
    shared    text[] NOT NULL CHECK (shared <> '{}' AND shared <@ ARRAY['document','phone','account']),
    UNIQUE (first_id, second_id),
    CHECK (first_id < second_id)
);
CREATE INDEX likenesses_second ON likenesses (second_id);

-- Pairs that somebody looked at and that are two people, whatever they shared then. Sharing more brings them back.
CREATE TABLE distinct_distributors (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_id   bigint      NOT NULL REFERENCES distributors,
    second_id  bigint      NOT NULL REFERENCES distributors,
    shared     text[]      NOT NULL,
    reason     text        NOT NULL CHECK (reason <> ''),
    staff_id   bigint      NOT NULL REFERENCES staff,
    staff_name text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (first_id, second_id),
    CHECK (first_id < second_id)
);

-- find_likenesses finds anew what some distributors share. Each is compared with the eight oldest others at most, so that a
-- number that thousands have does not make millions of pairs. Whoever finds waits for others who do: neither would see what
-- the other one is about to commit. Records that were merged are told by their state, because the planner takes IS NULL on
-- a table without statistics for something rare.
-- +goose StatementBegin
CREATE FUNCTION find_likenesses(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF ids IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('likenesses'));
    DELETE FROM likenesses WHERE first_id = ANY(ids);
    DELETE FROM likenesses WHERE second_id = ANY(ids);
    INSERT INTO likenesses (first_id, second_id, shared)
    WITH touched AS MATERIALIZED (
        SELECT id, doc_key, phone FROM distributors WHERE id = ANY(ids) AND verification <> 'merged'
    ), paid AS MATERIALIZED (
        SELECT DISTINCT m.distributor_id AS id, m.account_key FROM payout_methods m JOIN touched t ON t.id = m.distributor_id WHERE m.account_key <> ''
    ), found AS (
        SELECT t.id, o.id AS other, 'document' AS by FROM touched t CROSS JOIN LATERAL (
            SELECT d.id FROM distributors d WHERE d.doc_key = t.doc_key AND d.doc_key <> '' AND d.id <> t.id AND d.verification <> 'merged' ORDER BY d.id LIMIT 8) o
        UNION ALL SELECT t.id, o.id, 'phone' FROM touched t CROSS JOIN LATERAL (
            SELECT d.id FROM distributors d WHERE d.phone = t.phone AND d.phone <> '' AND d.id <> t.id AND d.verification <> 'merged' ORDER BY d.id LIMIT 8) o
        UNION ALL SELECT p.id, o.id, 'account' FROM paid p CROSS JOIN LATERAL (
            SELECT m.distributor_id AS id FROM payout_methods m JOIN distributors d ON d.id = m.distributor_id
            WHERE m.account_key = p.account_key AND m.account_key <> '' AND m.distributor_id <> p.id AND d.verification <> 'merged' ORDER BY m.distributor_id LIMIT 8) o
    ), pairs AS (
        SELECT least(id, other) AS first_id, greatest(id, other) AS second_id, array_agg(DISTINCT by ORDER BY by) AS shared FROM found GROUP BY 1, 2
    )
    SELECT p.first_id, p.second_id, p.shared FROM pairs p
    WHERE NOT EXISTS (SELECT 1 FROM distinct_distributors x WHERE (x.first_id, x.second_id) = (p.first_id, p.second_id) AND p.shared <@ x.shared)
    ORDER BY p.second_id, p.first_id;
END $$;

CREATE FUNCTION liken_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM find_likenesses((SELECT array_agg(id) FROM new_rows));
    RETURN NULL;
END $$;

CREATE FUNCTION liken_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM find_likenesses((SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o USING (id)
        WHERE (n.doc_key, n.phone, n.merged_into) IS DISTINCT FROM (o.doc_key, o.phone, o.merged_into)));
    RETURN NULL;
END $$;

CREATE FUNCTION liken_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM find_likenesses((SELECT array_agg(DISTINCT distributor_id) FROM new_rows WHERE account_key <> ''));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER distributors_liken_insert AFTER INSERT ON distributors REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION liken_added();
CREATE TRIGGER distributors_liken_update AFTER UPDATE ON distributors REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION liken_changed();
CREATE TRIGGER payout_methods_liken AFTER INSERT ON payout_methods REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION liken_paid();
SELECT find_likenesses((SELECT array_agg(id) FROM distributors));

-- Two records that are made one: one person asks, another one consents, and for a while it can be undone the same way.
CREATE TABLE merges (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    survivor_id      bigint      NOT NULL REFERENCES distributors,
    absorbed_id      bigint      NOT NULL REFERENCES distributors,
    state            text        NOT NULL DEFAULT 'asked' CHECK (state IN ('asked','dropped','done','undone')),
    taken            text[]      NOT NULL CHECK (taken <@ ARRAY['names','contact','method']), -- what the survivor takes over
    survivor_version integer     NOT NULL,           -- what the person who asked had on the screen
    absorbed_version integer     NOT NULL,
    maker_id         bigint      NOT NULL REFERENCES staff,
    created_at       timestamptz NOT NULL DEFAULT now(),
    -- what is needed to undo it, once it is done
    survivor_before  jsonb,                          -- whole rows
    survivor_after   jsonb,
    absorbed_before  jsonb,
    absorbed_carry   bigint,                         -- minor units
    amount           bigint,                         -- owed that went over, negative for a debt
    method_before    bigint      REFERENCES payout_methods, -- the survivor's preferred one, where another took its place
    method_after     bigint      REFERENCES payout_methods,
    last_payout      bigint,                         -- the newest payout of all at that moment
    merged_on        date,                           -- in Bogotá
    undone_on        date,
    CHECK (survivor_id <> absorbed_id),
    CHECK ((state IN ('done','undone')) = (merged_on IS NOT NULL)),
    CHECK ((state = 'undone') = (undone_on IS NOT NULL)),
    CHECK (merged_on IS NULL OR num_nulls(survivor_before, survivor_after, absorbed_before, absorbed_carry, amount, last_payout) = 0)
);
CREATE UNIQUE INDEX merges_standing ON merges (absorbed_id) WHERE state IN ('asked','done');
CREATE INDEX merges_survivor ON merges (survivor_id, id);
CREATE INDEX merges_absorbed ON merges (absorbed_id, id);
CREATE INDEX merges_state ON merges (state, id);

-- The rows that went over. The version of a payout tells whether it has moved on since.
CREATE TABLE merge_moves (
    merge_id bigint  NOT NULL REFERENCES merges,
    kind     text    NOT NULL CHECK (kind IN ('line','held','payout','downline','merged')), -- held: a line kept back because the survivor has one like it
    row_id   bigint  NOT NULL,
    version  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (merge_id, kind, row_id)
);
CREATE INDEX merge_moves_row ON merge_moves (kind, row_id);
CREATE TRIGGER merge_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON merge_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
CREATE FUNCTION guard_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.survivor_id, NEW.absorbed_id, NEW.taken, NEW.survivor_version, NEW.absorbed_version, NEW.maker_id, NEW.created_at)
        IS DISTINCT FROM (OLD.survivor_id, OLD.absorbed_id, OLD.taken, OLD.survivor_version, OLD.absorbed_version, OLD.maker_id, OLD.created_at)
        OR (OLD.state, NEW.state) NOT IN (('asked','dropped'), ('asked','done'), ('done','undone')) THEN
        RAISE EXCEPTION 'merge % cannot be changed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- The consent is written at the end of the transaction that makes the change, so it is looked at then.
CREATE FUNCTION check_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('done','undone') AND NOT EXISTS (SELECT 1 FROM requests WHERE kind = 'distributors.merge' AND subject_type = 'merge'
        AND subject_id = NEW.id AND maker_id = NEW.maker_id AND state = 'granted') THEN
        RAISE EXCEPTION 'nobody consented to merge %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'undone' AND NOT EXISTS (SELECT 1 FROM requests WHERE kind = 'distributors.unmerge' AND subject_type = 'merge'
        AND subject_id = NEW.id AND state = 'granted') THEN
        RAISE EXCEPTION 'nobody consented to undoing merge %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION check_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.merged_into IS NOT NULL) <> EXISTS (SELECT 1 FROM merges WHERE absorbed_id = NEW.id AND state = 'done') THEN
        RAISE EXCEPTION 'distributor % does not stand as its merges say', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_payee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows n JOIN distributors d ON d.id = n.distributor_id WHERE d.merged_into IS NOT NULL) THEN
        RAISE EXCEPTION 'a record that was merged into another one is not paid' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND (
        r.kind = 'method.change' AND r.subject_type = 'distributor' AND r.subject_id = NEW.distributor_id
        OR r.kind IN ('distributors.merge', 'distributors.unmerge') AND r.subject_type = 'merge'
            AND EXISTS (SELECT 1 FROM merges m WHERE m.id = r.subject_id AND m.survivor_id = NEW.distributor_id))) THEN
        RAISE EXCEPTION 'nobody consented to payout method %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER merges_guard BEFORE UPDATE ON merges FOR EACH ROW EXECUTE FUNCTION guard_merge();
CREATE TRIGGER merges_kept BEFORE DELETE OR TRUNCATE ON merges FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER merges_consented AFTER INSERT OR UPDATE ON merges DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_merge();
CREATE CONSTRAINT TRIGGER distributors_merged_by AFTER UPDATE OF merged_into ON distributors DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_merged();
CREATE TRIGGER payouts_payee AFTER INSERT ON payouts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION guard_payee();

-- What came under a record that was merged since keeps that record's name: a statement that brings it again finds it, and
-- undoing the merge gives it back. Two lines that say the same of both records stay two.
ALTER TABLE commission_lines
    ADD COLUMN merged_from bigint REFERENCES distributors,
    DROP CONSTRAINT commission_lines_distributor_id_order_number_period_concept_key;
CREATE UNIQUE INDEX commission_lines_once ON commission_lines (distributor_id, order_number, period, concept, COALESCE(merged_from, 0));
ALTER TABLE payouts ADD COLUMN merged_from bigint REFERENCES distributors;
DROP INDEX payouts_once;
CREATE UNIQUE INDEX payouts_once ON payouts (batch_id, COALESCE(merged_from, distributor_id)) WHERE removed_reason = '';

ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_kind_check, DROP CONSTRAINT ledger_entries_source_check,
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','gmf','fee_adjustment','failed','expired','cancelled','returned','topup','merge')),
    ADD CONSTRAINT ledger_entries_source_check CHECK (source IN ('commission','payout','topup','merge'));

-- +goose Down
ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_kind_check, DROP CONSTRAINT ledger_entries_source_check,
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','gmf','fee_adjustment','failed','expired','cancelled','returned','topup')),
    ADD CONSTRAINT ledger_entries_source_check CHECK (source IN ('commission','payout','topup'));
DROP INDEX payouts_once;
CREATE UNIQUE INDEX payouts_once ON payouts (batch_id, distributor_id) WHERE removed_reason = '';
ALTER TABLE payouts DROP COLUMN merged_from;
DROP INDEX commission_lines_once;
ALTER TABLE commission_lines DROP COLUMN merged_from, ADD UNIQUE (distributor_id, order_number, period, concept);
DROP TRIGGER payouts_payee ON payouts;
DROP TRIGGER distributors_merged_by ON distributors;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND r.subject_type = 'distributor'
                   AND r.subject_id = NEW.distributor_id AND r.kind = 'method.change') THEN
        RAISE EXCEPTION 'nobody consented to payout method %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TABLE merge_moves, merges;
DROP FUNCTION guard_payee, check_merged, check_merge, guard_merge;
DROP TRIGGER payout_methods_liken ON payout_methods;
DROP TRIGGER distributors_liken_update ON distributors;
DROP TRIGGER distributors_liken_insert ON distributors;
DROP FUNCTION liken_paid, liken_changed, liken_added, find_likenesses;
DROP TABLE distinct_distributors, likenesses;
ALTER TABLE verifications
    DROP CONSTRAINT verifications_to_state_check,
    ADD CONSTRAINT verifications_to_state_check CHECK (to_state IN ('unverified','verified','suspended','expired'));
DROP INDEX distributors_document_once;
ALTER TABLE distributors
    DROP CONSTRAINT distributors_merged,
    DROP CONSTRAINT distributors_verification_check,
    ADD CONSTRAINT distributors_verification_check CHECK (verification IN ('unverified','verified','suspended','expired')),
    ADD UNIQUE (country, doc_type, doc_number),
    DROP COLUMN merged_into,
    DROP COLUMN doc_key;
DROP INDEX distributors_phone;
CREATE INDEX distributors_phone ON distributors (phone);
ALTER TABLE payout_methods DROP COLUMN account_key;
CREATE INDEX payout_methods_account ON payout_methods (account_number) WHERE account_number <> '';
