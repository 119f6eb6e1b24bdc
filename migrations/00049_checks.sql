-- +goose Up
-- What long checks found: the books, the audit log, a version of the approval rules on past batches. Each is kept as it
-- was found, by whom it was asked for and when, so that a page shows the last one and looks nothing up anew.
CREATE TABLE checks (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('ledger','audit','rules')),
    subject_id bigint      NOT NULL DEFAULT 0, -- the version of the approval rules; 0 for what there is one of
    staff_id   bigint      NOT NULL,
    staff_name text        NOT NULL,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL CHECK (ended_at >= began_at),
    sound      boolean     NOT NULL,
    found      jsonb       NOT NULL, -- see services/checks
    CHECK ((kind = 'rules') = (subject_id <> 0))
);
CREATE INDEX checks_latest ON checks (kind, subject_id, id);
CREATE TRIGGER checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE checks;
