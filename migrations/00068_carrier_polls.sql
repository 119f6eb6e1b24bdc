-- +goose Up
-- Carriers that do not post their events are asked for them: where, with which token, and how many questions a second.
ALTER TABLE carriers
    ADD COLUMN poll_url   text    NOT NULL DEFAULT '',
    ADD COLUMN poll_token bytea,                    -- sealed by the vault
    ADD COLUMN poll_rate  integer NOT NULL DEFAULT 5 CHECK (poll_rate BETWEEN 1 AND 100),
    ADD COLUMN polling    boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT carriers_polling CHECK (NOT polling OR poll_url <> '' AND poll_token IS NOT NULL);

-- The parcels underway of carriers that are asked, and when the next time is.
CREATE TABLE parcel_polls (
    carrier_id bigint      NOT NULL REFERENCES carriers ON DELETE CASCADE,
    waybill    text        NOT NULL,
    placed_at  timestamptz NOT NULL, -- of its order: young parcels are asked for more often
    next_at    timestamptz NOT NULL,
    asked_at   timestamptz,
    failures   integer     NOT NULL DEFAULT 0, -- in a row
    note       text        NOT NULL DEFAULT '', -- what came of the last question, '' when it was answered
    PRIMARY KEY (carrier_id, waybill)
);
CREATE INDEX parcel_polls_due ON parcel_polls (carrier_id, next_at);

-- +goose Down
DROP TABLE parcel_polls;
ALTER TABLE carriers DROP CONSTRAINT carriers_polling, DROP COLUMN polling, DROP COLUMN poll_rate, DROP COLUMN poll_token, DROP COLUMN poll_url;
