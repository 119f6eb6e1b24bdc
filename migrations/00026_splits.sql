-- +goose Up
-- Each network's part of a batch, kept with what stands out.
CREATE TABLE batch_splits (
    batch_id    bigint  NOT NULL REFERENCES batches,
    method_kind text    NOT NULL,
    items       integer NOT NULL,
    total       bigint  NOT NULL,
    fee         bigint  NOT NULL,
    fee_iva     bigint  NOT NULL,
    gmf         bigint  NOT NULL,
    PRIMARY KEY (batch_id, method_kind)
);

-- +goose Down
DROP TABLE batch_splits;
