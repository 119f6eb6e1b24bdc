-- +goose Up
-- A shop sends its orders to /hooks/orders/<kind>/<slug>, signed with its secret.
CREATE TABLE shops (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('shopify','woocommerce')),
    slug       text        NOT NULL UNIQUE CHECK (slug <> ''),
    name       text        NOT NULL CHECK (name <> ''),
    prefix     text        NOT NULL DEFAULT '',      -- before its order numbers, so that two shops may count alike
    active     boolean     NOT NULL DEFAULT true,
    secret     bytea       NOT NULL,                 -- sealed by the vault
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);

-- Everything that came to a shop's address, the rejected too. An accepted delivery is there once: the shop's own number
-- of it decides, or its bytes when it has none.
CREATE TABLE shop_deliveries (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop_id     bigint      REFERENCES shops,        -- null when the address named none
    kind        text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    remote      text        NOT NULL,
    topic       text        NOT NULL,
    delivery    text        NOT NULL CHECK (delivery <> ''),
    headers     jsonb       NOT NULL,
    body        bytea       NOT NULL,
    verdict     text        NOT NULL CHECK (verdict IN ('accepted','duplicate','rejected')),
    reason      text        NOT NULL DEFAULT '' CHECK ((reason = '') = (verdict <> 'rejected')),
    outcome     text        NOT NULL DEFAULT '' CHECK (outcome IN ('','created','updated','unchanged','stale','refund','ignored','refused')),
    note        text        NOT NULL DEFAULT '',     -- why it was refused
    number      text        NOT NULL DEFAULT '',     -- of the order it is about
    order_id    bigint      REFERENCES orders,
    worked_at   timestamptz,
    CHECK (verdict = 'accepted' OR outcome = ''),
    CHECK ((outcome = '') = (worked_at IS NULL))
);
CREATE UNIQUE INDEX shop_deliveries_once ON shop_deliveries (shop_id, delivery) WHERE verdict = 'accepted';
CREATE INDEX shop_deliveries_shop ON shop_deliveries (shop_id, id);
CREATE INDEX shop_deliveries_verdict ON shop_deliveries (verdict, id);
CREATE INDEX shop_deliveries_outcome ON shop_deliveries (outcome, id);
CREATE INDEX shop_deliveries_order ON shop_deliveries (order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX shop_deliveries_number ON shop_deliveries (number, id) WHERE number <> '';
SELECT keep_tally('shop_deliveries', 'shop_deliveries', 'verdict', '0');

-- What only shops tell of an order. Of two messages the one with the later changed_at counts.
ALTER TABLE orders
    ADD COLUMN shop_id         bigint REFERENCES shops,
    ADD COLUMN external_id     text        NOT NULL DEFAULT '',
    ADD COLUMN changed_at      timestamptz,
    ADD COLUMN test            boolean     NOT NULL DEFAULT false,
    ADD COLUMN referral_source text        NOT NULL DEFAULT '',
    ADD COLUMN base            bigint,               -- what commissions are counted from, in centavos; null when a file did not say
    ADD CONSTRAINT orders_from_shop CHECK ((shop_id IS NULL) = (external_id = '') AND (shop_id IS NULL) = (changed_at IS NULL));
CREATE UNIQUE INDEX orders_external ON orders (shop_id, external_id) WHERE shop_id IS NOT NULL;

CREATE TABLE order_items (
    order_id    bigint   NOT NULL REFERENCES orders ON DELETE CASCADE,
    position    smallint NOT NULL,
    external_id text     NOT NULL DEFAULT '',
    title       text     NOT NULL,
    sku         text     NOT NULL,
    quantity    integer  NOT NULL,
    total       bigint   NOT NULL,   -- after discount, VAT included
    iva         bigint   NOT NULL,
    PRIMARY KEY (order_id, position)
);

-- Money that a shop gave back. It may be told before its order, so it names that by the shop's number.
CREATE TABLE order_refunds (
    shop_id        bigint      NOT NULL REFERENCES shops,
    external_id    text        NOT NULL,
    order_external text        NOT NULL,
    at             timestamptz NOT NULL,
    amount         bigint      NOT NULL CHECK (amount >= 0),
    base           bigint      NOT NULL CHECK (base >= 0),   -- the part of the order's base that came back
    PRIMARY KEY (shop_id, external_id)
);
CREATE INDEX order_refunds_order ON order_refunds (shop_id, order_external);

-- +goose Down
DROP TABLE order_refunds, order_items, shop_deliveries;
DROP FUNCTION tally_shop_deliveries;
DELETE FROM tallies WHERE list = 'shop_deliveries';
ALTER TABLE orders DROP CONSTRAINT orders_from_shop, DROP COLUMN base, DROP COLUMN referral_source, DROP COLUMN test, DROP COLUMN changed_at, DROP COLUMN external_id, DROP COLUMN shop_id;
DROP TABLE shops;
