-- +goose Up
-- The rules by which risk is scored. The newest version is in force; every one but the first was consented to by a
-- second person.
CREATE TABLE risk_versions (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rules      jsonb       NOT NULL,              -- models.RiskRules
    reason     text        NOT NULL CHECK (reason <> ''),
    consent_id bigint      UNIQUE REFERENCES requests,
    maker_name text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    CHECK (id = 1 OR consent_id IS NOT NULL)
);
CREATE TRIGGER risk_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON risk_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
INSERT INTO risk_versions (rules, reason, maker_name) VALUES ('{"window": 365, "medium": 25, "high": 50, "rules": [
    {"kind": "hit_confirmed", "points": 100}, {"kind": "hit_open", "points": 40}, {"kind": "pep", "points": 50},
    {"kind": "juridical", "points": 10}, {"kind": "doc_type", "points": 10, "values": ["PA", "PEP", "PPT"]},
    {"kind": "municipality", "points": 10, "values": ["44430", "52356", "52835", "54001", "76109", "81001", "91001"]},
    {"kind": "amount", "points": 15, "amount": {"Minor": 1000000000, "Currency": "COP"}},
    {"kind": "amount_more", "points": 15, "amount": {"Minor": 5000000000, "Currency": "COP"}},
    {"kind": "same", "points": 15}, {"kind": "account", "points": 20}, {"kind": "phone", "points": 10, "days": 30}]}', 'As delivered', 'migration');

-- A person's word in place of the score, until a day. Band '' gives the score its word back.
CREATE TABLE risk_overrides (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    band           text        NOT NULL CHECK (band IN ('','low','medium','high')),
    until          date,
    reason         text        NOT NULL CHECK (reason <> ''),
    consent_id     bigint      NOT NULL UNIQUE REFERENCES requests,
    maker_name     text        NOT NULL,
    decider_name   text        NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    CHECK ((band = '') = (until IS NULL))
);
CREATE INDEX risk_overrides_distributor ON risk_overrides (distributor_id, id);
CREATE TRIGGER risk_overrides_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON risk_overrides FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How risky a distributor is: the score and what it came from, and the band that counts.
CREATE TABLE risk_scores (
    distributor_id bigint      PRIMARY KEY REFERENCES distributors,
    score          integer     NOT NULL CHECK (score >= 0),
    scored         text        NOT NULL CHECK (scored IN ('low','medium','high')),   -- the band of the score
    band           text        NOT NULL CHECK (band IN ('low','medium','high')),     -- that counts
    fired          jsonb       NOT NULL,                                             -- the rules that fired, with what they saw
    version_id     bigint      NOT NULL REFERENCES risk_versions,
    override_id    bigint      REFERENCES risk_overrides,
    at             timestamptz NOT NULL,
    CHECK (override_id IS NOT NULL OR band = scored)
);
CREATE INDEX risk_scores_band ON risk_scores (band, distributor_id);
CREATE INDEX risk_scores_override ON risk_scores (override_id) WHERE override_id IS NOT NULL;

-- Both need the consent of a second person, written at the end of the transaction.
-- +goose StatementBegin
CREATE FUNCTION check_risk_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND (
        TG_TABLE_NAME = 'risk_versions' AND r.kind = 'risk.rules'
        OR TG_TABLE_NAME = 'risk_overrides' AND r.kind = 'risk.override' AND r.subject_id = (to_jsonb(NEW)->>'distributor_id')::bigint)) THEN
        RAISE EXCEPTION 'nobody consented to % %', TG_TABLE_NAME, NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER risk_versions_consent AFTER INSERT ON risk_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_risk_consent();
CREATE CONSTRAINT TRIGGER risk_overrides_consent AFTER INSERT ON risk_overrides DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_risk_consent();

-- When a phone was changed last; the first one is no change.
ALTER TABLE distributors ADD COLUMN phone_changed_at timestamptz;
-- +goose StatementBegin
CREATE FUNCTION note_phone_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.phone_changed_at := now();
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER distributors_phone_changed BEFORE UPDATE OF phone ON distributors FOR EACH ROW
    WHEN (OLD.phone <> '' AND NEW.phone <> OLD.phone) EXECUTE FUNCTION note_phone_change();

-- Whose facts changed since they were scored, written in the transaction of the change. A distributor may stand here
-- several times: a row that is added while another one is worked off is not lost.
CREATE TABLE risk_due (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION risk_due_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'distributors' THEN
        INSERT INTO risk_due (distributor_id) SELECT id FROM new_rows;
    ELSIF TG_TABLE_NAME = 'likenesses' THEN
        INSERT INTO risk_due (distributor_id) SELECT first_id FROM new_rows UNION SELECT second_id FROM new_rows;
    ELSE
        INSERT INTO risk_due (distributor_id) SELECT DISTINCT distributor_id FROM new_rows;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION risk_due_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO risk_due (distributor_id) SELECT first_id FROM old_rows UNION SELECT second_id FROM old_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION risk_due_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'distributors' THEN
        INSERT INTO risk_due (distributor_id) SELECT n.id FROM new_rows n JOIN old_rows o USING (id)
        WHERE (n.identity, n.phone, n.divipola, n.merged_into) IS DISTINCT FROM (o.identity, o.phone, o.divipola, o.merged_into);
    ELSE
        INSERT INTO risk_due (distributor_id) SELECT n.distributor_id FROM new_rows n JOIN old_rows o USING (id) WHERE n.state <> o.state;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER distributors_risk_insert AFTER INSERT ON distributors REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_added();
CREATE TRIGGER distributors_risk_update AFTER UPDATE ON distributors REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_changed();
CREATE TRIGGER kyc_cases_risk AFTER UPDATE ON kyc_cases REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_changed();
CREATE TRIGGER screening_hits_risk_insert AFTER INSERT ON screening_hits REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_added();
CREATE TRIGGER screening_hits_risk_update AFTER UPDATE ON screening_hits REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_changed();
CREATE TRIGGER likenesses_risk_insert AFTER INSERT ON likenesses REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_added();
CREATE TRIGGER likenesses_risk_delete AFTER DELETE ON likenesses REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_gone();
CREATE TRIGGER risk_overrides_due AFTER INSERT ON risk_overrides REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION risk_due_added();
INSERT INTO risk_due (distributor_id) SELECT id FROM distributors;

-- +goose Down
DROP TRIGGER distributors_risk_insert ON distributors;
DROP TRIGGER distributors_risk_update ON distributors;
DROP TRIGGER distributors_phone_changed ON distributors;
DROP TRIGGER kyc_cases_risk ON kyc_cases;
DROP TRIGGER screening_hits_risk_insert ON screening_hits;
DROP TRIGGER screening_hits_risk_update ON screening_hits;
DROP TRIGGER likenesses_risk_insert ON likenesses;
DROP TRIGGER likenesses_risk_delete ON likenesses;
DROP TABLE risk_due, risk_scores, risk_overrides, risk_versions;
DROP FUNCTION risk_due_added, risk_due_gone, risk_due_changed, check_risk_consent, note_phone_change;
ALTER TABLE distributors DROP COLUMN phone_changed_at;
