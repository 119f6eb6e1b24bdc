-- +goose Up
-- Until when a paper of a distributor is good, as somebody of compliance read it. The newest row of a document holds; a row
-- without a day says that it does not run out.
CREATE TABLE document_validity (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint      NOT NULL REFERENCES documents,
    good_until  date,
    staff_id    bigint      NOT NULL REFERENCES staff,
    staff_name  text        NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX document_validity_document ON document_validity (document_id, id);
CREATE TRIGGER document_validity_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON document_validity FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How often payees are looked at anew, and how long before that they are asked. The newest row holds. Payees of high risk
-- come round sooner. open_days 0 asks nobody by itself.
CREATE TABLE expiry_settings (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    normal_days integer     NOT NULL CHECK (normal_days BETWEEN 30 AND 3650),
    high_days   integer     NOT NULL CHECK (high_days BETWEEN 30 AND 3650),
    open_days   integer     NOT NULL CHECK (open_days BETWEEN 0 AND 180),
    staff_id    bigint      REFERENCES staff,   -- in whose name payees are asked
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (high_days <= normal_days),
    CHECK (open_days = 0 OR staff_id IS NOT NULL)
);
INSERT INTO expiry_settings (normal_days, high_days, open_days) VALUES (730, 365, 0);
CREATE TRIGGER expiry_settings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON expiry_settings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- When each verified distributor is due, and why: worked out anew several times a day. soon is due_on the other way round,
-- so that a list of the newest first has the next ones on top.
CREATE TABLE expiries (
    distributor_id  bigint PRIMARY KEY REFERENCES distributors,
    verification_on date,              -- the decision runs out
    diligence_on    date,              -- the last look is too long ago; never sooner than the payee can be asked
    paper_on        date,              -- a paper runs out
    seen_on         date NOT NULL,
    due_on          date NOT NULL GENERATED ALWAYS AS (LEAST(verification_on, diligence_on, paper_on)) STORED,
    why             text NOT NULL GENERATED ALWAYS AS (CASE LEAST(verification_on, diligence_on, paper_on)
        WHEN verification_on THEN 'verification' WHEN paper_on THEN 'paper' ELSE 'diligence' END) STORED,
    soon            timestamp NOT NULL GENERATED ALWAYS AS (timestamp '2600-01-01' - (LEAST(verification_on, diligence_on, paper_on) - date '2000-01-01') * interval '1 day') STORED
);
CREATE INDEX expiries_soon ON expiries (soon, distributor_id);
CREATE INDEX expiries_due ON expiries (due_on);

-- +goose Down
DROP TABLE expiries, expiry_settings, document_validity;
