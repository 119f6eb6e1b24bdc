-- +goose Up
-- What payees ask for by Ley 1581 de 2012, with the day by which it has to be answered.
CREATE TABLE privacy_requests (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    kind           text        NOT NULL CHECK (kind IN ('consult','correct','delete')),
    asked          text        NOT NULL CHECK (asked <> ''),
    received_on    date        NOT NULL,
    due_on         date        NOT NULL,
    extension      text        NOT NULL DEFAULT '',   -- why it takes longer; due_on is the later day then
    state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open','answered','refused')),
    answer         text        NOT NULL DEFAULT '',
    staff_name     text        NOT NULL,
    answered_by    text        NOT NULL DEFAULT '',
    answered_at    timestamptz,
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    CHECK (due_on > received_on),
    CHECK ((state = 'open') = (answered_at IS NULL) AND (state = 'open') = (answer = ''))
);
CREATE INDEX privacy_requests_open ON privacy_requests (due_on, id) WHERE state = 'open';
CREATE INDEX privacy_requests_distributor ON privacy_requests (distributor_id, id);
CREATE TRIGGER privacy_requests_kept BEFORE DELETE OR TRUNCATE ON privacy_requests FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nothing is erased of whom a hold names. One person sets it, two end it.
CREATE TABLE legal_holds (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    reason         text        NOT NULL CHECK (reason <> ''),
    staff_name     text        NOT NULL,
    at             timestamptz NOT NULL,
    lifted_at      timestamptz,
    consent_id     bigint      UNIQUE REFERENCES requests,
    CHECK ((lifted_at IS NULL) = (consent_id IS NULL))
);
CREATE UNIQUE INDEX legal_holds_one ON legal_holds (distributor_id) WHERE lifted_at IS NULL;
CREATE TRIGGER legal_holds_kept BEFORE DELETE OR TRUNCATE ON legal_holds FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Of whom everything was erased that could be. The record stays as a number.
CREATE TABLE erasures (
    distributor_id bigint      PRIMARY KEY REFERENCES distributors,
    consent_id     bigint      NOT NULL UNIQUE REFERENCES requests,
    reason         text        NOT NULL CHECK (reason <> ''),
    maker_name     text        NOT NULL,
    decider_name   text        NOT NULL,
    at             timestamptz NOT NULL
);
CREATE TRIGGER erasures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- +goose StatementBegin
CREATE FUNCTION check_privacy_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.consent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND r.subject_id = NEW.distributor_id
        AND r.kind = CASE TG_TABLE_NAME WHEN 'erasures' THEN 'privacy.erase' ELSE 'privacy.lift' END) THEN
        RAISE EXCEPTION 'nobody consented to % of distributor %', TG_TABLE_NAME, NEW.distributor_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- What was declared can only be erased with the payee.
CREATE FUNCTION guard_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM erasures e JOIN kyc_cases c ON c.distributor_id = e.distributor_id WHERE c.id = OLD.case_id) THEN
        RAISE EXCEPTION 'an answer of case % cannot be deleted', OLD.case_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER erasures_consent AFTER INSERT ON erasures DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_privacy_consent();
CREATE CONSTRAINT TRIGGER legal_holds_consent AFTER UPDATE ON legal_holds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_privacy_consent();
DROP TRIGGER kyc_answers_append_only ON kyc_answers;
CREATE TRIGGER kyc_answers_append_only BEFORE UPDATE OR TRUNCATE ON kyc_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kyc_answers_guard BEFORE DELETE ON kyc_answers FOR EACH ROW EXECUTE FUNCTION guard_answers();

-- +goose Down
DROP TRIGGER kyc_answers_guard ON kyc_answers;
DROP TRIGGER kyc_answers_append_only ON kyc_answers;
CREATE TRIGGER kyc_answers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TABLE erasures, legal_holds, privacy_requests;
DROP FUNCTION check_privacy_consent, guard_answers;
