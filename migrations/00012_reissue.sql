-- +goose Up
-- A payout that is issued again, in place of one whose money came back. replaces_id names that one. One live successor
-- at most, whatever path was taken.
ALTER TABLE payouts ADD COLUMN replaces_id bigint REFERENCES payouts CHECK (replaces_id < id);
CREATE UNIQUE INDEX payouts_one_successor ON payouts (replaces_id)
    WHERE replaces_id IS NOT NULL AND state NOT IN ('failed','expired','returned','cancelled');
-- Money given back that the rail pays after all: an alarm until a person has put it right.
CREATE INDEX payouts_contradicted ON payouts (id) WHERE overdue_at IS NOT NULL AND state IN ('failed','expired','returned','cancelled');
-- +goose StatementBegin
CREATE FUNCTION guard_successor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payouts WHERE id = NEW.replaces_id AND distributor_id = NEW.distributor_id
                   AND state IN ('failed','expired','returned','cancelled')) THEN
        RAISE EXCEPTION 'payout % cannot take the place of payout %', NEW.code, NEW.replaces_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payouts_successor BEFORE INSERT OR UPDATE OF replaces_id ON payouts FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL)
    EXECUTE FUNCTION guard_successor();

-- +goose Down
DROP TRIGGER payouts_successor ON payouts;
DROP FUNCTION guard_successor;
ALTER TABLE payouts DROP COLUMN replaces_id;
DROP INDEX payouts_contradicted;
