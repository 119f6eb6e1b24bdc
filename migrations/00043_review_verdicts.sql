-- +goose Up
-- What reviewers said of each thing that was given, about one version of it. The newest one about the newest version counts.
CREATE TABLE kyc_verdicts (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint      NOT NULL REFERENCES kyc_cases,
    item       text        NOT NULL,
    version    integer     NOT NULL CHECK (version >= 0),
    verdict    text        NOT NULL CHECK (verdict IN ('accept','reject','again')),
    reason     text        NOT NULL DEFAULT '',
    to_payee   text        NOT NULL DEFAULT '',   -- what the payee reads, in his language
    note       text        NOT NULL DEFAULT '',   -- never shown to the payee
    issued_on  date,                              -- of a document that may not be older than some days
    staff_id   bigint      NOT NULL REFERENCES staff,
    staff_name text        NOT NULL,
    at         timestamptz NOT NULL,
    CHECK ((verdict = 'accept') = (reason = '')),
    CHECK ((verdict = 'again') = (to_payee <> ''))
);
CREATE INDEX kyc_verdicts_case ON kyc_verdicts (case_id, id);
CREATE TRIGGER kyc_verdicts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_verdicts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE kyc_items DROP CONSTRAINT kyc_items_state_check;
ALTER TABLE kyc_items ADD CONSTRAINT kyc_items_state_check CHECK (state IN ('missing','given','accepted','again','rejected'));

-- Who lets nobody keep a picture shows the document in person: it is accepted without one.
ALTER TABLE kyc_items DROP CONSTRAINT kyc_items_check1;
ALTER TABLE kyc_items ADD CONSTRAINT kyc_items_shown
    CHECK (step <> 'documents' OR state = 'missing' OR document_version_id IS NOT NULL OR state = 'accepted' AND item IN ('identity','representative_identity'));

-- The same file sent by somebody else is found by what it holds.
CREATE INDEX document_files_received ON document_files (received_sha256);

-- Nothing is accepted that a person did not accept in the version that counts.
-- +goose StatementBegin
CREATE FUNCTION check_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT v.verdict FROM kyc_verdicts v WHERE v.case_id = NEW.case_id AND v.item = NEW.item AND v.version = NEW.version ORDER BY v.id DESC LIMIT 1)
        IS DISTINCT FROM 'accept' THEN
        RAISE EXCEPTION 'nobody accepted version % of % in case %', NEW.version, NEW.item, NEW.case_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER kyc_items_accepted BEFORE INSERT OR UPDATE ON kyc_items FOR EACH ROW WHEN (NEW.state = 'accepted') EXECUTE FUNCTION check_accepted();

-- +goose Down
DROP INDEX document_files_received;
DROP TRIGGER kyc_items_accepted ON kyc_items;
DROP FUNCTION check_accepted;
UPDATE kyc_items SET state = 'missing' WHERE step = 'documents' AND document_version_id IS NULL;
ALTER TABLE kyc_items DROP CONSTRAINT kyc_items_shown;
ALTER TABLE kyc_items ADD CONSTRAINT kyc_items_check1 CHECK (step <> 'documents' OR state = 'missing' OR document_version_id IS NOT NULL);
UPDATE kyc_items SET state = 'given' WHERE state = 'rejected';
ALTER TABLE kyc_items DROP CONSTRAINT kyc_items_state_check;
ALTER TABLE kyc_items ADD CONSTRAINT kyc_items_state_check CHECK (state IN ('missing','given','accepted','again'));
DROP TABLE kyc_verdicts;
