-- +goose Up
-- Sanctions lists as they were published: a version is what one load changed. An entry that changes is another row, so
-- that what a hit was decided on stays readable.
CREATE TABLE sanctions_versions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list         text        NOT NULL CHECK (list IN ('OFAC','UN')),
    generated_on date,                               -- by the publisher, where the list says it
    entries      integer     NOT NULL CHECK (entries > 0),
    names        integer     NOT NULL,
    documents    integer     NOT NULL,
    added        integer     NOT NULL,
    removed      integer     NOT NULL,
    changed      integer     NOT NULL,
    files        text[]      NOT NULL,               -- their names
    staff_id     bigint      NOT NULL,               -- who loaded it; 0 for a command
    staff_name   text        NOT NULL,
    loaded_at    timestamptz NOT NULL,
    confirmed_at timestamptz NOT NULL,               -- when the same content was loaded last
    CHECK (added + removed + changed > 0)
);
CREATE INDEX sanctions_versions_list ON sanctions_versions (list, id);

CREATE TABLE sanctions_entries (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list     text   NOT NULL CHECK (list IN ('OFAC','UN')),
    number   text   NOT NULL CHECK (number <> ''),   -- of the list: OFAC ent_num, UN DATAID
    name     text   NOT NULL,
    data     text   NOT NULL,                        -- JSON of sanctions.Entry
    hash     bytea  NOT NULL CHECK (length(hash) = 32),
    since_id bigint NOT NULL REFERENCES sanctions_versions,
    until_id bigint REFERENCES sanctions_versions,   -- the version that changed or dropped it; null while in force
    CHECK (until_id > since_id)
);
CREATE UNIQUE INDEX sanctions_entries_in_force ON sanctions_entries (list, number) WHERE until_id IS NULL;
CREATE INDEX sanctions_entries_number ON sanctions_entries (list, number, id);
CREATE INDEX sanctions_entries_since ON sanctions_entries (since_id, id);
CREATE INDEX sanctions_entries_until ON sanctions_entries (until_id, id) WHERE until_id IS NOT NULL;

-- What was published stays as it was; only that it is over can be said once.
-- +goose StatementBegin
CREATE FUNCTION guard_sanctions_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.list, NEW.number, NEW.name, NEW.data, NEW.hash, NEW.since_id) IS DISTINCT FROM (OLD.list, OLD.number, OLD.name, OLD.data, OLD.hash, OLD.since_id)
        OR OLD.until_id IS NOT NULL THEN
        RAISE EXCEPTION 'entry % of a sanctions list cannot be rewritten', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sanctions_entries_guard BEFORE UPDATE ON sanctions_entries FOR EACH ROW EXECUTE FUNCTION guard_sanctions_entry();
CREATE TRIGGER sanctions_entries_kept BEFORE DELETE OR TRUNCATE ON sanctions_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sanctions_versions_kept BEFORE DELETE OR TRUNCATE ON sanctions_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The scores from which a hit is looked at and from which it stops payouts, per mille: the last row is in force.
CREATE TABLE screening_thresholds (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review     integer     NOT NULL CHECK (review >= 800),
    hold       integer     NOT NULL CHECK (hold <= 1000),
    staff_id   bigint      NOT NULL,
    staff_name text        NOT NULL,
    reason     text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    CHECK (review < hold)
);
INSERT INTO screening_thresholds (review, hold, staff_id, staff_name, reason) VALUES (850, 950, 0, 'migration', 'As delivered');
CREATE TRIGGER screening_thresholds_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screening_thresholds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE screening_thresholds, sanctions_entries, sanctions_versions;
DROP FUNCTION guard_sanctions_entry;
