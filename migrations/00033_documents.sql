-- +goose Up
-- The keys that documents' keys are wrapped with: age identities, sealed by the vault. New files use the newest one.
CREATE TABLE file_keys (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient  text        NOT NULL UNIQUE,
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

-- A document that was asked of a distributor. There is one of a kind; what is sent later is a new version of it.
CREATE TABLE documents (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    kind           text        NOT NULL CHECK (kind IN ('identity','rut','bank_certificate','chamber_certificate','counterparty_form','funds_origin',
                               'pep_declaration','data_consent','shareholders','financial_statements','representative_identity')),
    version        integer     NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at     timestamptz NOT NULL,
    UNIQUE (distributor_id, kind)
);

-- What was sent at once. submission names the form that was sent, so that sending it twice makes one version.
CREATE TABLE document_versions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint      NOT NULL REFERENCES documents,
    number      integer     NOT NULL CHECK (number >= 1),
    submission  text        NOT NULL UNIQUE CHECK (length(submission) BETWEEN 16 AND 64),
    staff_id    bigint      REFERENCES staff,
    staff_name  text        NOT NULL CHECK (staff_name <> ''),
    created_at  timestamptz NOT NULL,
    UNIQUE (document_id, number)
);
CREATE TRIGGER document_versions_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON document_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One file of a version. Its bytes are encrypted with a key of its own, which is kept here wrapped with a file_key.
CREATE TABLE document_files (
    id              bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id      bigint   NOT NULL REFERENCES document_versions,
    position        smallint NOT NULL CHECK (position >= 1),
    side            text     NOT NULL CHECK (side IN ('front','back','')),
    name            text     NOT NULL CHECK (name <> ''),
    kind            text     NOT NULL CHECK (kind IN ('jpeg','png','webp','heic','pdf')),
    received_size   bigint   NOT NULL CHECK (received_size > 0),
    received_sha256 bytea    NOT NULL CHECK (length(received_sha256) = 32),
    key_id          bigint   NOT NULL REFERENCES file_keys,
    wrapped_key     bytea    NOT NULL,
    UNIQUE (version_id, position)
);
CREATE INDEX document_files_key ON document_files (key_id);
CREATE TRIGGER document_files_kept BEFORE DELETE OR TRUNCATE ON document_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is kept of a file in the blob store: page 0 is a PDF as it came, the others are pages as people see them. size and
-- sha256 are of the content, stored is the size of the encrypted blob.
CREATE TABLE document_blobs (
    id      bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id bigint   NOT NULL REFERENCES document_files,
    page    smallint NOT NULL CHECK (page >= 0),
    width   integer  NOT NULL,
    height  integer  NOT NULL,
    key     text     NOT NULL UNIQUE,
    size    bigint   NOT NULL CHECK (size > 0),
    stored  bigint   NOT NULL CHECK (stored > size),
    sha256  bytea    NOT NULL CHECK (length(sha256) = 32),
    turned  smallint NOT NULL DEFAULT 0 CHECK (turned IN (0, 90, 180, 270)),   -- by a reviewer, for the next one
    UNIQUE (file_id, page)
);
CREATE TRIGGER document_blobs_kept BEFORE DELETE OR TRUNCATE ON document_blobs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Files on their way in, piece by piece. Nothing of them is a document; what is left lying is removed after a day.
CREATE TABLE document_uploads (
    id         text        PRIMARY KEY CHECK (length(id) = 32),
    owner      text        NOT NULL CHECK (owner <> ''),   -- who may go on with it
    name       text        NOT NULL,
    mime       text        NOT NULL,
    size       bigint      NOT NULL CHECK (size >= 0),
    received   bigint      NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size),
    touched_at timestamptz NOT NULL
);
CREATE INDEX document_uploads_touched ON document_uploads (touched_at);
CREATE TABLE document_chunks (
    upload_id text   NOT NULL REFERENCES document_uploads ON DELETE CASCADE,
    start     bigint NOT NULL CHECK (start >= 0),
    sealed    bytea  NOT NULL,   -- by the vault
    PRIMARY KEY (upload_id, start)
);

-- +goose Down
DROP TABLE document_chunks, document_uploads, document_blobs, document_files, document_versions, documents, file_keys;
