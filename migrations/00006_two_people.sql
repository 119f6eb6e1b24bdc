-- +goose Up
-- A change that needs a second person: who asked for it, what it is, and who consented. The change itself is applied in
-- the transaction of the consent, by the area it belongs to.
CREATE TABLE requests (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL,              -- method.change, rules.publish: see models/request.go
    subject_type text        NOT NULL,
    subject_id   bigint      NOT NULL,
    payload      jsonb       NOT NULL,              -- what the area applies
    changes      jsonb       NOT NULL DEFAULT '[]', -- what people are shown: field, before, after
    reason       text        NOT NULL DEFAULT '',   -- of who asks
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open','granted','refused','withdrawn')),
    maker_id     bigint      NOT NULL REFERENCES staff,
    decider_id   bigint      REFERENCES staff,
    decided_at   timestamptz,
    answer       text        NOT NULL DEFAULT '',   -- of who decides
    version      integer     NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK (state NOT IN ('granted','refused') OR decider_id IS NOT NULL AND decider_id <> maker_id),
    CHECK (state <> 'refused' OR answer <> '')
);
-- One open request of a kind for a subject: a second one would be decided on a state that the first one changes.
CREATE UNIQUE INDEX requests_open ON requests (kind, subject_type, subject_id) WHERE state = 'open';
CREATE INDEX requests_state ON requests (state, id);
CREATE INDEX requests_subject ON requests (subject_type, subject_id, id);
CREATE INDEX requests_maker ON requests (maker_id, id);
-- +goose StatementBegin
CREATE FUNCTION guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'request % is decided', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.kind, NEW.subject_type, NEW.subject_id, NEW.payload, NEW.changes, NEW.reason, NEW.maker_id)
        IS DISTINCT FROM (OLD.kind, OLD.subject_type, OLD.subject_id, OLD.payload, OLD.changes, OLD.reason, OLD.maker_id) THEN
        RAISE EXCEPTION 'request % cannot be changed once it is made', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER requests_guard BEFORE UPDATE ON requests FOR EACH ROW EXECUTE FUNCTION guard_request();
CREATE TRIGGER requests_kept BEFORE DELETE OR TRUNCATE ON requests FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What happened and whom it concerns, written with the change and delivered afterwards.
CREATE TABLE events (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind         text        NOT NULL,
    subject_type text        NOT NULL,
    subject_id   bigint      NOT NULL,
    facts        jsonb       NOT NULL DEFAULT '{}', -- what fills the sentence
    staff        bigint[]    NOT NULL DEFAULT '{}', -- whom it concerns by name
    permission   text        NOT NULL DEFAULT '',   -- and everybody who holds it
    except_id    bigint      NOT NULL DEFAULT 0,    -- but who did it
    once         text        NOT NULL DEFAULT '',   -- told once however often it is recorded
    delivered_at timestamptz
);
CREATE UNIQUE INDEX events_once ON events (once) WHERE once <> '';
CREATE INDEX events_waiting ON events (id) WHERE delivered_at IS NULL;

-- +goose Down
DROP TABLE events, requests;
DROP FUNCTION guard_request;
