-- +goose Up
-- After how many days without an event a parcel is stuck, and after how many days its cash should have been handed over.
ALTER TABLE carriers
    ADD COLUMN version    integer NOT NULL DEFAULT 1,
    ADD COLUMN stuck_days integer NOT NULL DEFAULT 5 CHECK (stuck_days BETWEEN 1 AND 90),
    ADD COLUMN remit_days integer NOT NULL DEFAULT 10 CHECK (remit_days BETWEEN 1 AND 90);

-- Orders whose parcel asks for somebody: worked out anew every few minutes.
CREATE TABLE parcel_alarms (
    kind     text        NOT NULL CHECK (kind IN ('stuck','unremitted')),
    order_id bigint      NOT NULL REFERENCES orders ON DELETE CASCADE,
    since    timestamptz NOT NULL,
    PRIMARY KEY (kind, order_id)
);
CREATE INDEX parcel_alarms_order ON parcel_alarms (order_id);
CREATE INDEX shipments_underway ON shipments (last_event_at) WHERE state IN ('in_transit','incident','unknown');
CREATE INDEX shipments_unremitted ON shipments (last_event_at) WHERE state = 'delivered' AND cash_collected AND remitted_at IS NULL;
CREATE INDEX orders_underway ON orders (placed_at) WHERE waybill <> '' AND status IN ('guide_generated','in_transit','out_for_delivery','incident');

-- +goose Down
DROP INDEX orders_underway, shipments_unremitted, shipments_underway;
DROP TABLE parcel_alarms;
ALTER TABLE carriers DROP COLUMN remit_days, DROP COLUMN stuck_days, DROP COLUMN version;
