-- +goose Up
-- Other names by which a distributor is compared with the sanctions lists: who was declared in a case, who represents a
-- company, and who owns it. They are replaced when a case is sent again.
CREATE TABLE screened_names (
    distributor_id bigint  NOT NULL REFERENCES distributors,
    position       integer NOT NULL,
    role           text    NOT NULL CHECK (role IN ('declared','representative','owner')),
    kind           text    NOT NULL CHECK (kind IN ('person','company')),
    name           text    NOT NULL CHECK (name <> ''),
    doc_type       text    NOT NULL,
    doc_number     text    NOT NULL,
    PRIMARY KEY (distributor_id, position)
);

-- A hold follows a merge: a hit on a record that became part of another one holds that one too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one bigint := (CASE TG_TABLE_NAME WHEN 'distributors' THEN (to_jsonb(NEW)->>'id') ELSE (to_jsonb(NEW)->>'distributor_id') END)::bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM screening_hits h JOIN distributors d ON d.id = h.distributor_id JOIN distributors s ON s.id = coalesce(d.merged_into, d.id)
               WHERE (h.distributor_id = one OR d.merged_into = one)
                 AND h.level = 'hold' AND h.state IN ('open','undecided','confirmed') AND NOT (d.on_hold AND s.on_hold)) THEN
        RAISE EXCEPTION 'a hit holds the payouts of a distributor who is not on hold' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
UPDATE distributors s SET on_hold = true FROM distributors d WHERE d.merged_into = s.id AND d.on_hold AND NOT s.on_hold;
CREATE CONSTRAINT TRIGGER distributors_hold_merged AFTER UPDATE OF merged_into ON distributors DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL AND NEW.merged_into IS DISTINCT FROM OLD.merged_into) EXECUTE FUNCTION check_hold();

-- Cases go over to the record that stays.
ALTER TABLE merge_moves DROP CONSTRAINT merge_moves_kind_check;
ALTER TABLE merge_moves ADD CONSTRAINT merge_moves_kind_check CHECK (kind IN ('line','held','payout','downline','merged','case'));

-- +goose Down
ALTER TABLE merge_moves DROP CONSTRAINT merge_moves_kind_check;
ALTER TABLE merge_moves ADD CONSTRAINT merge_moves_kind_check CHECK (kind IN ('line','held','payout','downline','merged')) NOT VALID;
DROP TRIGGER distributors_hold_merged ON distributors;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM screening_hits h JOIN distributors d ON d.id = h.distributor_id
               WHERE h.distributor_id = (CASE TG_TABLE_NAME WHEN 'distributors' THEN (to_jsonb(NEW)->>'id') ELSE (to_jsonb(NEW)->>'distributor_id') END)::bigint
                 AND h.level = 'hold' AND h.state IN ('open','undecided','confirmed') AND NOT d.on_hold) THEN
        RAISE EXCEPTION 'a hit holds the payouts of a distributor who is not on hold' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TABLE screened_names;
