-- +goose Up
-- A case is how a payee becomes known: what was asked, declared and signed. Nothing of it is written on the distributor
-- before somebody approves it.
CREATE TABLE kyc_cases (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    state          text        NOT NULL CHECK (state IN ('invited','started','submitted','in_review','waiting','second_review','approved','rejected_retry','rejected_final','expired')),
    person_kind    text        NOT NULL CHECK (person_kind IN ('natural','juridical')),
    lang           text        NOT NULL CHECK (lang IN ('es','en','zh')),
    email          text        NOT NULL DEFAULT '',   -- where the invitation went
    phone          text        NOT NULL DEFAULT '',
    contact_by     text        NOT NULL DEFAULT '' CHECK (contact_by IN ('','mail','sms')),
    contact_to     text        NOT NULL DEFAULT '',
    verified_at    timestamptz,
    sensitive      boolean     NOT NULL DEFAULT false,
    staff_id       bigint      NOT NULL REFERENCES staff,
    submitted_by   bigint      REFERENCES staff,      -- who sent it for the payee; null: the payee
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    started_at     timestamptz,
    submitted_at   timestamptz,
    expires_at     timestamptz NOT NULL,
    CHECK ((contact_by = '') = (verified_at IS NULL) AND (contact_by = '') = (contact_to = '')),
    CHECK (state IN ('invited','started','expired') OR submitted_at IS NOT NULL),
    CHECK (state NOT IN ('started') OR started_at IS NOT NULL)
);
CREATE UNIQUE INDEX kyc_cases_one_open ON kyc_cases (distributor_id) WHERE state NOT IN ('approved','rejected_retry','rejected_final','expired');
CREATE INDEX kyc_cases_distributor ON kyc_cases (distributor_id, id);
CREATE INDEX kyc_cases_state ON kyc_cases (state, created_at, id);
CREATE INDEX kyc_cases_newest ON kyc_cases (created_at, id);
SELECT keep_tally('kyc_cases', 'kyc_cases', 'state', '0');

-- What a case asks for: a copy of the rules of the day it was opened, so that a later rule does not change it.
CREATE TABLE kyc_items (
    case_id      bigint      NOT NULL REFERENCES kyc_cases,
    item         text        NOT NULL,
    step         text        NOT NULL,
    position     integer     NOT NULL,
    required     boolean     NOT NULL,
    max_age_days integer     NOT NULL DEFAULT 0,
    state        text        NOT NULL DEFAULT 'missing' CHECK (state IN ('missing','given','accepted','again')),
    version      integer     NOT NULL DEFAULT 0,      -- of the answer that counts
    given_at     timestamptz,
    PRIMARY KEY (case_id, item),
    CHECK (state = 'missing' OR given_at IS NOT NULL)
);

-- What was declared, version by version.
CREATE TABLE kyc_answers (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id  bigint      NOT NULL REFERENCES kyc_cases,
    item     text        NOT NULL,
    version  integer     NOT NULL,
    answer   jsonb       NOT NULL,
    staff_id bigint      REFERENCES staff,            -- who wrote it for the payee; null: the payee
    address  text        NOT NULL,
    at       timestamptz NOT NULL,
    UNIQUE (case_id, item, version)
);
CREATE TRIGGER kyc_answers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_answers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The proof of the authorisation (Ley 1581 de 2012): which text, when, from where; or the signed paper that staff keep.
CREATE TABLE kyc_consents (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id      bigint      NOT NULL REFERENCES kyc_cases,
    text_version text        NOT NULL,
    lang         text        NOT NULL,
    text_sha256  text        NOT NULL CHECK (length(text_sha256) = 64),
    sensitive    boolean     NOT NULL,
    address      text        NOT NULL,
    agent        text        NOT NULL,
    file_id      bigint      REFERENCES files,
    staff_id     bigint      REFERENCES staff,
    at           timestamptz NOT NULL,
    CHECK ((staff_id IS NULL) = (file_id IS NULL))
);
CREATE INDEX kyc_consents_case ON kyc_consents (case_id, id);
CREATE TRIGGER kyc_consents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_consents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A link opens the form without an account. Its token is signed with the secret key over the nonce: what is kept here
-- opens nothing. items narrows it to some; '{}' is all.
CREATE TABLE kyc_links (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint      NOT NULL REFERENCES kyc_cases,
    nonce      bytea       NOT NULL UNIQUE CHECK (length(nonce) = 18),
    items      text[]      NOT NULL DEFAULT '{}',
    uses       integer     NOT NULL DEFAULT 0,
    last_used  timestamptz,
    reminded   integer     NOT NULL DEFAULT 0,
    staff_id   bigint      NOT NULL REFERENCES staff,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (expires_at > created_at)
);
CREATE UNIQUE INDEX kyc_links_one_good ON kyc_links (case_id) WHERE revoked_at IS NULL;

-- Devices that may see what was typed: the one that began, and those that gave the code sent to the verified contact.
CREATE TABLE kyc_devices (
    link_id    bigint      NOT NULL REFERENCES kyc_links,
    device     bytea       NOT NULL,                  -- SHA-256 of the cookie
    created_at timestamptz NOT NULL,
    PRIMARY KEY (link_id, device)
);

CREATE TABLE kyc_codes (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint      NOT NULL REFERENCES kyc_cases,
    purpose    text        NOT NULL CHECK (purpose IN ('contact','device')),
    channel    text        NOT NULL CHECK (channel IN ('mail','sms')),
    recipient  text        NOT NULL,
    hash       bytea       NOT NULL,                  -- keyed with the secret key
    tries      integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX kyc_codes_case ON kyc_codes (case_id, id);

-- What was signed: the statement as it stood, and who wrote their name under it.
CREATE TABLE kyc_signatures (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint      NOT NULL REFERENCES kyc_cases,
    name       text        NOT NULL CHECK (name <> ''),
    statement  text        NOT NULL,
    sha256     text        NOT NULL CHECK (length(sha256) = 64),
    address    text        NOT NULL,
    agent      text        NOT NULL,
    staff_id   bigint      REFERENCES staff,
    at         timestamptz NOT NULL
);
CREATE INDEX kyc_signatures_case ON kyc_signatures (case_id, id);
CREATE TRIGGER kyc_signatures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_signatures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How long links and cases are good for, and when payees are reminded. The newest row holds.
CREATE TABLE kyc_settings (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link_days   integer     NOT NULL CHECK (link_days BETWEEN 1 AND 90),
    case_days   integer     NOT NULL CHECK (case_days BETWEEN 1 AND 365),
    remind_days integer[]   NOT NULL CHECK (cardinality(remind_days) <= 5),
    staff_id    bigint      REFERENCES staff,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (case_days >= link_days)
);
INSERT INTO kyc_settings (link_days, case_days, remind_days) VALUES (14, 60, '{3,7}');
CREATE TRIGGER kyc_settings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kyc_settings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE kyc_settings, kyc_signatures, kyc_codes, kyc_devices, kyc_links, kyc_consents, kyc_answers, kyc_items, kyc_cases;
DROP FUNCTION tally_kyc_cases;
DELETE FROM tallies WHERE list = 'kyc_cases';
