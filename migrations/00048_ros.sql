-- +goose Up
-- Reports of suspicious operations to the UIAF. Nobody but compliance may learn that one exists. What was filed stays as it
-- was, ten years and longer: no row is ever deleted.
CREATE TABLE ros_reports (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    operation      text        NOT NULL CHECK (operation <> ''),   -- what happened
    signals        text        NOT NULL CHECK (signals <> ''),     -- what makes it unusual
    amount         bigint      NOT NULL CHECK (amount >= 0),       -- centavos
    from_on        date        NOT NULL,
    to_on          date        NOT NULL,
    state          text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft','filed','dropped')),
    sirel_number   text        NOT NULL DEFAULT '',
    filed_on       date,
    outcome        text        NOT NULL DEFAULT '',                -- why it was dropped
    author_id      bigint      NOT NULL REFERENCES staff,
    author_name    text        NOT NULL,
    decider_name   text        NOT NULL DEFAULT '',
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK (from_on <= to_on),
    CHECK ((state = 'filed') = (sirel_number <> '') AND (state = 'filed') = (filed_on IS NOT NULL)),
    CHECK ((state = 'dropped') = (outcome <> '')),
    CHECK ((state = 'draft') = (decider_name = ''))
);
CREATE INDEX ros_reports_state ON ros_reports (state, id);
CREATE INDEX ros_reports_distributor ON ros_reports (distributor_id, id);
-- +goose StatementBegin
CREATE FUNCTION guard_ros() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' OR (NEW.distributor_id, NEW.author_id, NEW.created_at) IS DISTINCT FROM (OLD.distributor_id, OLD.author_id, OLD.created_at) THEN
        RAISE EXCEPTION 'report % cannot be changed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ros_reports_guard BEFORE UPDATE ON ros_reports FOR EACH ROW EXECUTE FUNCTION guard_ros();
CREATE TRIGGER ros_reports_kept BEFORE DELETE OR TRUNCATE ON ros_reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE ros_reports;
DROP FUNCTION guard_ros;
