-- +goose Up
CREATE TABLE distributors (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text        NOT NULL UNIQUE CHECK (code <> ''),
    person_kind    text        NOT NULL CHECK (person_kind IN ('natural','juridical')),
    country        text        NOT NULL DEFAULT 'CO',
    doc_type       text        NOT NULL,
    doc_number     text        NOT NULL,
    doc_dv         text        NOT NULL DEFAULT '',
    doc_issued_on  date,
    given_names    text        NOT NULL DEFAULT '',
    surnames       text        NOT NULL DEFAULT '',
    business_name  text        NOT NULL DEFAULT '',
    phone          text        NOT NULL DEFAULT '',  -- E.164
    email          text        NOT NULL DEFAULT '',
    divipola       text        NOT NULL DEFAULT '',
    city           text        NOT NULL DEFAULT '',
    address        text        NOT NULL DEFAULT '',
    tax_status     text        NOT NULL DEFAULT '',
    iva_responsible boolean    NOT NULL DEFAULT false,
    joined_on      date,
    upline_id      bigint      REFERENCES distributors DEFERRABLE INITIALLY DEFERRED,
    lang           text        NOT NULL DEFAULT 'es',
    warnings       text[]      NOT NULL DEFAULT '{}',  -- codes of the import's or form's warnings still standing
    verification   text        NOT NULL DEFAULT 'unverified' CHECK (verification IN ('unverified','verified','suspended','expired')),
    verified_until date,
    method_kind    text        NOT NULL DEFAULT '',    -- the preferred method's kind, for filters
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (country, doc_type, doc_number),
    CHECK (given_names || surnames || business_name <> ''),
    CHECK (upline_id <> id)
);
CREATE INDEX distributors_newest ON distributors (created_at, id);
CREATE INDEX distributors_verification ON distributors (verification, created_at, id);
CREATE INDEX distributors_method ON distributors (method_kind, created_at, id);
CREATE INDEX distributors_divipola ON distributors (divipola, created_at, id);
CREATE INDEX distributors_doc_type ON distributors (doc_type, created_at, id);
CREATE INDEX distributors_document ON distributors (doc_number);
CREATE INDEX distributors_phone ON distributors (phone);
CREATE INDEX distributors_email ON distributors (email);
CREATE INDEX distributors_warned ON distributors (created_at, id) WHERE warnings <> '{}';
CREATE INDEX distributors_upline ON distributors (upline_id);
SELECT keep_tally('distributors', 'distributors', 'verification', '0');

-- Folded search text (lower case, no accents: code, names, document, phone, e-mail), kept apart so that a
-- change of state never touches the trigram index.
CREATE TABLE distributor_search (
    distributor_id bigint PRIMARY KEY REFERENCES distributors,
    folded         text   NOT NULL
);
CREATE INDEX distributor_search_trgm ON distributor_search USING gin (folded gin_trgm_ops);

CREATE TABLE payout_methods (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    kind           text        NOT NULL CHECK (kind IN ('efecty_cash','puntored_cash','bank','nequi','daviplata','bre_b')),
    bank_code      text        NOT NULL DEFAULT '',
    account_type   text        NOT NULL DEFAULT '' CHECK (account_type IN ('','S','C')),
    account_number text        NOT NULL DEFAULT '',
    bre_b_key      text        NOT NULL DEFAULT '',
    bre_b_kind     text        NOT NULL DEFAULT '' CHECK (bre_b_kind IN ('','phone','email','document','alias')),
    preferred      boolean     NOT NULL DEFAULT false,
    retired_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (NOT (preferred AND retired_at IS NOT NULL))
);
CREATE UNIQUE INDEX payout_methods_preferred ON payout_methods (distributor_id) WHERE preferred;
CREATE INDEX payout_methods_distributor ON payout_methods (distributor_id);
CREATE INDEX payout_methods_account ON payout_methods (account_number) WHERE account_number <> '';

CREATE TABLE verifications (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    from_state     text        NOT NULL,
    to_state       text        NOT NULL CHECK (to_state IN ('unverified','verified','suspended','expired')),
    until          date,
    reason         text        NOT NULL CHECK (reason <> ''),
    file_id        bigint      REFERENCES files,
    staff_id       bigint      NOT NULL,
    staff_name     text        NOT NULL,
    at             timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verifications_distributor ON verifications (distributor_id, id);

-- +goose Down
DROP TABLE verifications, payout_methods, distributor_search, distributors;
DROP FUNCTION tally_distributors;
