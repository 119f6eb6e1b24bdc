-- +goose Up
-- The rules by which orders are attributed to distributors. The newest version is in force; every one but the first was
-- consented to by a second person.
CREATE TABLE attribution_versions (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rules      jsonb       NOT NULL,              -- models.AttributionRules, the first that finds somebody counts
    reason     text        NOT NULL CHECK (reason <> ''),
    consent_id bigint      UNIQUE REFERENCES requests,
    maker_name text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    CHECK (id = 1 OR consent_id IS NOT NULL)
);
CREATE TRIGGER attribution_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attribution_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
INSERT INTO attribution_versions (rules, reason, maker_name) VALUES
    ('[{"source": "discount_code"}, {"source": "referral"}, {"source": "note_attribute"}]', 'As delivered', 'migration');

-- Codes that distributors hand out beside the code they have here: upper case, each belongs to one.
CREATE TABLE attribution_codes (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text        NOT NULL UNIQUE CHECK (code <> ''),
    distributor_id bigint      NOT NULL REFERENCES distributors,
    created_at     timestamptz NOT NULL
);
CREATE INDEX attribution_codes_distributor ON attribution_codes (distributor_id);

-- Whose an order is: '' nobody's yet, 'house' nobody's for good, else how it was found out. The three codes are those that
-- came with the order, in upper case; attribution_key is what the rules looked at when they found somebody.
ALTER TABLE orders
    ADD COLUMN discount_code       text        NOT NULL DEFAULT '',
    ADD COLUMN note_code           text        NOT NULL DEFAULT '',
    ADD COLUMN link_code           text        NOT NULL DEFAULT '',
    ADD COLUMN distributor_id      bigint      REFERENCES distributors,
    ADD COLUMN attributed_by       text        NOT NULL DEFAULT '' CHECK (attributed_by IN ('','referral','discount_code','note_attribute','phone','hand','house')),
    ADD COLUMN attribution_key     text        NOT NULL DEFAULT '',
    ADD COLUMN attribution_version bigint      REFERENCES attribution_versions,
    ADD COLUMN attribution_reason  text        NOT NULL DEFAULT '',
    ADD COLUMN attribution_actor   text        NOT NULL DEFAULT '',
    ADD COLUMN attributed_at       timestamptz,
    ADD CONSTRAINT orders_attributed CHECK ((distributor_id IS NULL) = (attributed_by IN ('','house')) AND (attributed_by = '') = (attributed_at IS NULL)),
    ADD CONSTRAINT orders_attributed_by_hand CHECK (attributed_by NOT IN ('hand','house') OR (attribution_reason <> '' AND attribution_actor <> '')),
    ADD CONSTRAINT orders_attributed_by_rule CHECK (attributed_by IN ('','hand','house') OR attribution_version IS NOT NULL);
UPDATE orders SET discount_code = upper(referral) WHERE referral_source IN ('discount_code','coupon');
UPDATE orders SET note_code = upper(referral) WHERE referral_source IN ('note_attribute','meta_data');
UPDATE orders SET link_code = upper(referral) WHERE referral <> '' AND referral_source IN ('','landing_site');
CREATE INDEX orders_unattributed ON orders (placed_at, id) WHERE attributed_by = '';
CREATE INDEX orders_distributor ON orders (distributor_id, placed_at, id) WHERE distributor_id IS NOT NULL;

-- Every change of whose an order is.
CREATE TABLE attribution_changes (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint      NOT NULL REFERENCES orders ON DELETE CASCADE,
    was_id   bigint,
    was_by   text        NOT NULL,
    will_id  bigint,
    will_by  text        NOT NULL,
    version  bigint,
    reason   text        NOT NULL,
    actor    text        NOT NULL,   -- '' the rules
    at       timestamptz NOT NULL
);
CREATE INDEX attribution_changes_order ON attribution_changes (order_id, id);
-- +goose StatementBegin
CREATE FUNCTION note_attribution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attribution_changes (order_id, was_id, was_by, will_id, will_by, version, reason, actor, at)
    VALUES (NEW.id, OLD.distributor_id, OLD.attributed_by, NEW.distributor_id, NEW.attributed_by, NEW.attribution_version, NEW.attribution_reason,
        NEW.attribution_actor, COALESCE(NEW.attributed_at, now()));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_attribution AFTER UPDATE OF distributor_id, attributed_by ON orders FOR EACH ROW
    WHEN (OLD.distributor_id IS DISTINCT FROM NEW.distributor_id OR OLD.attributed_by <> NEW.attributed_by) EXECUTE FUNCTION note_attribution();

-- +goose Down
DROP TRIGGER orders_attribution ON orders;
DROP FUNCTION note_attribution;
DROP TABLE attribution_changes;
ALTER TABLE orders DROP CONSTRAINT orders_attributed, DROP CONSTRAINT orders_attributed_by_hand, DROP CONSTRAINT orders_attributed_by_rule,
    DROP COLUMN attributed_at, DROP COLUMN attribution_actor, DROP COLUMN attribution_reason, DROP COLUMN attribution_version, DROP COLUMN attribution_key,
    DROP COLUMN attributed_by, DROP COLUMN distributor_id, DROP COLUMN link_code, DROP COLUMN note_code, DROP COLUMN discount_code;
DROP TABLE attribution_codes, attribution_versions;
