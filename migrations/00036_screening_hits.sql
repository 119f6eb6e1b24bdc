-- +goose Up
-- Whom a distributor is counts up when the name or document changes, so that what was compared earlier is known to be
-- about somebody else. A hold stands with the distributor, whose row everybody who pays locks.
ALTER TABLE distributors
    ADD COLUMN identity integer NOT NULL DEFAULT 1,
    ADD COLUMN on_hold  boolean NOT NULL DEFAULT false;
-- +goose StatementBegin
CREATE FUNCTION count_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.identity := OLD.identity + 1;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER distributors_identity BEFORE UPDATE ON distributors FOR EACH ROW
    WHEN ((OLD.person_kind, OLD.country, OLD.doc_type, OLD.doc_number, OLD.doc_dv, OLD.given_names, OLD.surnames, OLD.business_name)
        IS DISTINCT FROM (NEW.person_kind, NEW.country, NEW.doc_type, NEW.doc_number, NEW.doc_dv, NEW.given_names, NEW.surnames, NEW.business_name))
    EXECUTE FUNCTION count_identity();

-- Up to which version of the lists, and by which thresholds, a distributor was compared last.
CREATE TABLE screenings (
    distributor_id bigint      PRIMARY KEY REFERENCES distributors,
    identity       integer     NOT NULL,
    through_id     bigint      NOT NULL REFERENCES sanctions_versions,
    thresholds_id  bigint      NOT NULL REFERENCES screening_thresholds,
    at             timestamptz NOT NULL
) WITH (fillfactor = 70);

-- A distributor and an entry that may be the same: one row a pair, whatever becomes of it.
CREATE TABLE screening_hits (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    list           text        NOT NULL,
    number         text        NOT NULL,
    entry_id       bigint      NOT NULL REFERENCES sanctions_entries, -- as the list had it when they were compared
    identity       integer     NOT NULL,                              -- of the distributor then
    asked          jsonb       NOT NULL,                              -- name and document that were compared
    score          integer     NOT NULL CHECK (score BETWEEN 0 AND 1000),
    level          text        NOT NULL CHECK (level IN ('review','hold')),
    why            jsonb       NOT NULL,
    state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open','undecided','confirmed','cleared','lapsed')),
    cleared_until  date,                                              -- the pair is let through until then, while neither side changes
    consent_id     bigint      REFERENCES requests,
    version        integer     NOT NULL DEFAULT 1,
    found_at       timestamptz NOT NULL,                              -- opened, or opened again
    updated_at     timestamptz NOT NULL,
    UNIQUE (distributor_id, list, number),
    CHECK ((state = 'cleared') = (cleared_until IS NOT NULL)),
    CHECK (state <> 'cleared' OR level <> 'hold' OR consent_id IS NOT NULL)
);
CREATE INDEX screening_hits_state ON screening_hits (state, id);
CREATE INDEX screening_hits_level ON screening_hits (level, id);
CREATE INDEX screening_hits_pair ON screening_hits (list, number);
CREATE UNIQUE INDEX screening_hits_consent ON screening_hits (consent_id) WHERE consent_id IS NOT NULL;

CREATE TABLE screening_decisions (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hit_id     bigint      NOT NULL REFERENCES screening_hits,
    from_state text        NOT NULL,
    to_state   text        NOT NULL CHECK (to_state IN ('open','undecided','confirmed','cleared','lapsed')),
    until      date,
    comment    text        NOT NULL CHECK (comment <> ''),
    staff_id   bigint      NOT NULL, -- 0 for the product itself
    staff_name text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX screening_decisions_hit ON screening_decisions (hit_id, id);
CREATE TRIGGER screening_decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screening_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER screening_hits_kept BEFORE DELETE OR TRUNCATE ON screening_hits FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A hit that holds and a distributor on hold go together: whatever the path, no such hit stands beside a distributor who
-- is paid.
-- +goose StatementBegin
CREATE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM screening_hits h JOIN distributors d ON d.id = h.distributor_id
               WHERE h.distributor_id = (CASE TG_TABLE_NAME WHEN 'distributors' THEN (to_jsonb(NEW)->>'id') ELSE (to_jsonb(NEW)->>'distributor_id') END)::bigint
                 AND h.level = 'hold' AND h.state IN ('open','undecided','confirmed') AND NOT d.on_hold) THEN
        RAISE EXCEPTION 'a hit holds the payouts of a distributor who is not on hold' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER screening_hits_hold AFTER INSERT OR UPDATE ON screening_hits DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.level = 'hold') EXECUTE FUNCTION check_hold();
CREATE CONSTRAINT TRIGGER distributors_hold AFTER UPDATE ON distributors DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.on_hold AND NOT NEW.on_hold) EXECUTE FUNCTION check_hold();

-- Letting a pair through that holds needs the consent of a second person, written at the end of the transaction.
-- +goose StatementBegin
CREATE FUNCTION check_clearance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND r.kind = 'screening.clear'
                   AND r.subject_type = 'screening_hit' AND r.subject_id = NEW.id) THEN
        RAISE EXCEPTION 'nobody consented to clearing hit %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER screening_hits_clearance AFTER INSERT OR UPDATE ON screening_hits DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'cleared' AND NEW.level = 'hold') EXECUTE FUNCTION check_clearance();

-- +goose Down
DROP TABLE screening_decisions, screening_hits, screenings;
DROP TRIGGER distributors_hold ON distributors;
DROP TRIGGER distributors_identity ON distributors;
DROP FUNCTION check_clearance, check_hold, count_identity;
ALTER TABLE distributors DROP COLUMN identity, DROP COLUMN on_hold;
