-- +goose Up
CREATE TABLE orders (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      text        NOT NULL UNIQUE CHECK (number <> '' AND number NOT LIKE '#%'), -- without the shop's #
    placed_at   timestamptz NOT NULL,
    status      text        NOT NULL,
    buyer       text        NOT NULL,
    doc_type    text        NOT NULL DEFAULT '',
    doc_number  text        NOT NULL DEFAULT '',
    phone       text        NOT NULL DEFAULT '',
    email       text        NOT NULL DEFAULT '',
    divipola    text        NOT NULL DEFAULT '',
    address     text        NOT NULL DEFAULT '',
    product     text        NOT NULL DEFAULT '',
    sku         text        NOT NULL DEFAULT '',
    quantity    integer     NOT NULL CHECK (quantity >= 1),
    subtotal    bigint      NOT NULL,
    discount    bigint      NOT NULL,
    shipping    bigint      NOT NULL,
    iva         bigint      NOT NULL,
    total       bigint      NOT NULL CHECK (total >= 0 AND total = subtotal - discount + shipping),
    payment     text        NOT NULL,
    carrier     text        NOT NULL DEFAULT '',
    waybill     text        NOT NULL DEFAULT '',
    referral    text        NOT NULL DEFAULT '',
    notes       text        NOT NULL DEFAULT '',
    fingerprint bigint      NOT NULL DEFAULT 0, -- of all values of its record: tells a repeat from a contradiction
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_newest ON orders (placed_at, id);
CREATE INDEX orders_status ON orders (status, placed_at, id);
CREATE INDEX orders_waybill ON orders (waybill) WHERE waybill <> '';
CREATE INDEX orders_phone ON orders (phone) WHERE phone <> '';
CREATE INDEX orders_document ON orders (doc_number) WHERE doc_number <> '';
SELECT keep_tally('orders', 'orders', 'status', 'total');

CREATE TABLE tracking_events (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    carrier     text        NOT NULL,
    waybill     text        NOT NULL,
    at          timestamptz NOT NULL,
    code        text        NOT NULL,
    status_text text        NOT NULL,
    state       text        NOT NULL,   -- ours: in_transit, delivered, returned_to_sender, incident, unknown
    incident    text        NOT NULL DEFAULT '',
    divipola    text        NOT NULL DEFAULT '',
    cash        bigint      NOT NULL DEFAULT 0,
    copy        smallint    NOT NULL DEFAULT 1, -- carriers send an event again: which time this is
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (carrier, waybill, at, code, status_text, incident, copy)
);

CREATE TABLE shipments (
    carrier        text        NOT NULL,
    waybill        text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('in_transit','delivered','returned_to_sender','incident')),
    last_event_at  timestamptz NOT NULL,
    events         integer     NOT NULL,
    incidents      integer     NOT NULL,
    cash_collected boolean     NOT NULL,
    cash           bigint      NOT NULL,
    flags          text[]      NOT NULL DEFAULT '{}',
    PRIMARY KEY (carrier, waybill)
);
CREATE INDEX shipments_waybill ON shipments (waybill);

-- +goose Down
DROP TABLE shipments, tracking_events, orders;
DROP FUNCTION tally_orders;
