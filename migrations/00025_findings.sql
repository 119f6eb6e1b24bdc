-- +goose Up
-- What makes payouts of a batch stand out, found when its content is settled, so that a review reads it by index
-- whatever the size of the batch. Only what stands out has a row.
CREATE TABLE payout_findings (
    payout_id      bigint  PRIMARY KEY REFERENCES payouts,
    batch_id       bigint  NOT NULL REFERENCES batches,
    flags          text[]  NOT NULL CHECK (flags <> '{}'),
    amount         bigint  NOT NULL,
    median         bigint  NOT NULL,              -- of the payee's last paid payouts, 0 without any
    before_kind    text    NOT NULL,              -- where the payee was paid last, when that is elsewhere
    before_bank    text    NOT NULL,
    before_account text    NOT NULL,
    shared_with    integer NOT NULL,              -- other payees of the batch with the same account
    twin_id        bigint  REFERENCES payouts,    -- another payout of the batch that looks like the same person's
    twin_by        text    NOT NULL CHECK (twin_by IN ('','document','phone','name'))
);
CREATE INDEX payout_findings_first ON payout_findings (batch_id, cardinality(flags) DESC, amount DESC, payout_id);

-- How a batch differs from the last one that was approved before it over its connection.
CREATE TABLE batch_comparisons (
    batch_id      bigint  PRIMARY KEY REFERENCES batches,
    previous_id   bigint  NOT NULL REFERENCES batches,
    added         integer NOT NULL,               -- payees who were not in the previous one
    added_total   bigint  NOT NULL,
    missing       integer NOT NULL,               -- payees who were, and are not in this one
    missing_total bigint  NOT NULL,
    changed       integer NOT NULL                -- payees whose amount differs by half or more
);
CREATE INDEX payouts_removed ON payouts (batch_id, id) WHERE removed_reason <> '';

-- +goose Down
DROP INDEX payouts_removed;
DROP TABLE batch_comparisons, payout_findings;
