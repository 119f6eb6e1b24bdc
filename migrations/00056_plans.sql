-- +goose Up
-- Commission plans. A published one never changes; it is in force from the first day of a month until a later one is.
CREATE TABLE plans (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL CHECK (name <> ''),
    state      text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft','published')),
    from_month text        NOT NULL CHECK (from_month ~ '^20\d\d-(0[1-9]|1[0-2])$'),
    terms      jsonb       NOT NULL,              -- models/plan.Terms
    maker_id   bigint      NOT NULL,              -- who changed it last
    maker_name text        NOT NULL,
    consent_id bigint      UNIQUE REFERENCES requests,
    publisher  text        NOT NULL DEFAULT '',
    published_at timestamptz,
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK ((state = 'published') = (consent_id IS NOT NULL)),
    CHECK ((state = 'published') = (published_at IS NOT NULL)),
    CHECK ((state = 'published') = (publisher <> ''))
);
CREATE INDEX plans_in_force ON plans (from_month, published_at) WHERE state = 'published';

-- +goose StatementBegin
CREATE FUNCTION guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'plan % is published, so it never changes', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
-- The consent is a granted request about this plan, and nobody consents to what they wrote themselves.
CREATE FUNCTION check_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'published' AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.kind = 'plan.publish'
        AND r.subject_type = 'plan' AND r.subject_id = NEW.id AND r.state = 'granted' AND r.decider_id <> NEW.maker_id) THEN
        RAISE EXCEPTION 'nobody else consented to plan %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER plans_guard BEFORE UPDATE OR DELETE ON plans FOR EACH ROW EXECUTE FUNCTION guard_plan();
CREATE TRIGGER plans_kept BEFORE TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER plans_consent AFTER INSERT OR UPDATE ON plans DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_plan();

-- +goose Down
DROP TABLE plans;
DROP FUNCTION guard_plan, check_plan;
