-- +goose Up
-- A carrier sends its events to /hooks/tracking/<slug>, signed with its secret; null takes none.
ALTER TABLE carriers ADD COLUMN secret bytea; -- sealed by the vault

-- Everything that came to a carrier's address, the rejected too. An accepted event is there once: the carrier's own number of
-- it decides, or its bytes when it has none.
CREATE TABLE carrier_deliveries (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    carrier_id  bigint      REFERENCES carriers,     -- null when the address named none
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    remote      text        NOT NULL,
    delivery    text        NOT NULL CHECK (delivery <> ''),
    body        bytea       NOT NULL,
    verdict     text        NOT NULL CHECK (verdict IN ('accepted','duplicate','rejected')),
    reason      text        NOT NULL DEFAULT '' CHECK ((reason = '') = (verdict <> 'rejected')),
    outcome     text        NOT NULL DEFAULT '' CHECK (outcome IN ('','stored','unknown','unchanged','refused')),
    note        text        NOT NULL DEFAULT '',     -- why it was refused
    waybill     text        NOT NULL DEFAULT '',
    worked_at   timestamptz,
    CHECK (verdict = 'accepted' OR outcome = ''),
    CHECK ((outcome = '') = (worked_at IS NULL))
);
CREATE UNIQUE INDEX carrier_deliveries_once ON carrier_deliveries (carrier_id, delivery) WHERE verdict = 'accepted';
CREATE INDEX carrier_deliveries_carrier ON carrier_deliveries (carrier_id, id);

-- +goose Down
DROP TABLE carrier_deliveries;
ALTER TABLE carriers DROP COLUMN secret;
