-- +goose Up
-- Months of sellers that were counted, or are to be. Who stands above a seller is kept as it was when the month was first
-- counted: who moves later does not take what others earned.
CREATE TABLE seller_months (
    seller_id  bigint      NOT NULL REFERENCES distributors,
    month      text        NOT NULL CHECK (month ~ '^20\d\d-(0[1-9]|1[0-2])$'),
    due        boolean     NOT NULL,               -- something happened since
    upline     bigint[],                           -- from level 1 on; null until counted
    countries  text[],
    counted_at timestamptz,
    PRIMARY KEY (seller_id, month)
);
CREATE INDEX seller_months_due ON seller_months (month, seller_id) WHERE due;

-- What orders earn by a plan. Seller's months are counted as a whole, because tiers, caps and bonuses look at the month: a
-- row is what one order, or the month's bonus (no order), earns the seller (level 0) or somebody above. Rows that no longer
-- earn anything stay while something is booked for them.
CREATE TABLE accruals (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seller_id  bigint      NOT NULL REFERENCES distributors,
    month      text        NOT NULL CHECK (month ~ '^20\d\d-(0[1-9]|1[0-2])$'),
    order_id   bigint      REFERENCES orders ON DELETE RESTRICT,
    level      smallint    NOT NULL CHECK (level >= 0),
    earner_id  bigint      NOT NULL REFERENCES distributors,
    plan_id    bigint      NOT NULL REFERENCES plans,
    base       bigint      NOT NULL,
    amount     bigint      NOT NULL CHECK (amount >= 0),
    due_at     timestamptz,                        -- payable from then on; null while it waits
    wait       text        NOT NULL DEFAULT '',
    void       text        NOT NULL DEFAULT '',
    booked     bigint      NOT NULL DEFAULT 0,     -- the sum of its commission lines
    postings   integer     NOT NULL DEFAULT 0,     -- how many there are
    counted_at timestamptz NOT NULL,
    CHECK (void = '' OR amount = 0)
);
CREATE UNIQUE INDEX accruals_once ON accruals (seller_id, month, COALESCE(order_id, 0), level, earner_id);
CREATE INDEX accruals_order ON accruals (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX accruals_earner ON accruals (earner_id, month);
CREATE INDEX accruals_due ON accruals (due_at) WHERE booked <> amount AND due_at IS NOT NULL;

-- A line is booked for an accrual, or came with a statement. Lines are never changed: what an order earns now and did not
-- before is another line.
-- The line's number counts up by accrual.
ALTER TABLE commission_lines ADD COLUMN accrual_id bigint REFERENCES accruals;
DROP INDEX commission_lines_once;
CREATE UNIQUE INDEX commission_lines_once ON commission_lines (distributor_id, order_number, period, concept, COALESCE(merged_from, 0)) WHERE accrual_id IS NULL;
CREATE UNIQUE INDEX commission_lines_accrual ON commission_lines (accrual_id, line) WHERE accrual_id IS NOT NULL;

-- Cash that carriers handed over for orders that were paid at the door.
CREATE TABLE remittances (
    order_id  bigint      PRIMARY KEY REFERENCES orders,
    at        timestamptz NOT NULL,
    amount    bigint      NOT NULL CHECK (amount > 0),
    reference text        NOT NULL CHECK (reference <> ''), -- the carrier's of the hand-over
    actor     text        NOT NULL,
    noted_at  timestamptz NOT NULL
);
CREATE INDEX remittances_reference ON remittances (reference, order_id);

-- When an order of whose parcel no carrier tells was said to be delivered.
ALTER TABLE orders ADD COLUMN delivered_at timestamptz;
UPDATE orders SET delivered_at = COALESCE(changed_at, created_at) WHERE status = 'delivered';
-- +goose StatementBegin
CREATE FUNCTION note_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'delivered' THEN
        NEW.delivered_at := COALESCE(NEW.delivered_at, NEW.changed_at, now());
    ELSIF NEW.status NOT IN ('returned_to_sender', 'refunded') THEN
        NEW.delivered_at := NULL;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_delivered BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.status = 'delivered') EXECUTE FUNCTION note_delivery();
CREATE TRIGGER orders_delivered_later BEFORE UPDATE OF status ON orders FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION note_delivery();

-- Orders that something happened to since they were counted. A mark is made with the change itself, as often as there are
-- changes, and only while a plan is published: publishing one marks the orders of its months.
CREATE TABLE accrual_marks (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION plan_published() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT 1 FROM plans WHERE state = 'published') $$;

CREATE FUNCTION mark_new_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id) SELECT id FROM new_rows WHERE distributor_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_changed_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id)
        SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE (n.distributor_id, n.placed_at, n.status, n.delivered_at, n.subtotal, n.discount, n.iva, n.sku, n.payment, n.carrier, n.waybill, n.number, n.test, n.changed_at)
            IS DISTINCT FROM (o.distributor_id, o.placed_at, o.status, o.delivered_at, o.subtotal, o.discount, o.iva, o.sku, o.payment, o.carrier, o.waybill, o.number, o.test, o.changed_at)
            AND (n.distributor_id IS NOT NULL OR o.distributor_id IS NOT NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_refunded_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id)
        SELECT o.id FROM new_rows n JOIN orders o ON o.shop_id = n.shop_id AND o.external_id = n.order_external WHERE o.distributor_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_moved_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id)
        SELECT o.id FROM new_rows n JOIN orders o ON o.waybill = n.waybill AND o.carrier = n.carrier WHERE n.waybill <> '' AND o.distributor_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_remitted_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id) SELECT order_id FROM new_rows;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_stated_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF plan_published() THEN
        INSERT INTO accrual_marks (order_id)
        SELECT o.id FROM new_rows n JOIN orders o ON o.number = n.order_number WHERE n.accrual_id IS NULL AND n.order_number <> '' AND o.distributor_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_mark_new AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_new_orders();
CREATE TRIGGER orders_mark_changed AFTER UPDATE ON orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_orders();
CREATE TRIGGER order_refunds_mark_new AFTER INSERT ON order_refunds REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_refunded_orders();
CREATE TRIGGER order_refunds_mark_changed AFTER UPDATE ON order_refunds REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_refunded_orders();
CREATE TRIGGER shipments_mark_new AFTER INSERT ON shipments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_orders();
CREATE TRIGGER shipments_mark_changed AFTER UPDATE ON shipments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_moved_orders();
CREATE TRIGGER remittances_mark AFTER INSERT ON remittances REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_remitted_orders();
CREATE TRIGGER remittances_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON remittances FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER commission_lines_mark AFTER INSERT ON commission_lines REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_stated_orders();

-- +goose Down
DROP TRIGGER commission_lines_mark ON commission_lines;
DROP TRIGGER shipments_mark_changed ON shipments;
DROP TRIGGER shipments_mark_new ON shipments;
DROP TRIGGER order_refunds_mark_changed ON order_refunds;
DROP TRIGGER order_refunds_mark_new ON order_refunds;
DROP TRIGGER orders_mark_changed ON orders;
DROP TRIGGER orders_mark_new ON orders;
DROP TRIGGER orders_delivered_later ON orders;
DROP TRIGGER orders_delivered ON orders;
DROP TABLE remittances, accrual_marks;
DROP FUNCTION mark_new_orders, mark_changed_orders, mark_refunded_orders, mark_moved_orders, mark_remitted_orders, mark_stated_orders, plan_published, note_delivery;
ALTER TABLE orders DROP COLUMN delivered_at;
DROP INDEX commission_lines_once;
ALTER TABLE commission_lines DROP COLUMN accrual_id;
CREATE UNIQUE INDEX commission_lines_once ON commission_lines (distributor_id, order_number, period, concept, COALESCE(merged_from, 0));
DROP TABLE accruals, seller_months;
