-- +goose Up
-- What payees are told about cash that waits for them: when it can be collected, and some days before the code expires.
-- The newest row holds. As the product comes nobody is written to.
CREATE TABLE message_rules (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    available   text[]      NOT NULL CHECK (available <@ ARRAY['mail','sms']),
    reminder    text[]      NOT NULL CHECK (reminder <@ ARRAY['mail','sms']),
    days_before integer     NOT NULL CHECK (days_before BETWEEN 1 AND 30),
    staff_id    bigint      REFERENCES staff,
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO message_rules (available, reminder, days_before) VALUES ('{}', '{}', 2);
CREATE TRIGGER message_rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_rules
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One message to a payee about one payout by one channel. A mail is handed to the outbox, where it goes its own way.
CREATE TABLE payee_messages (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id  bigint      NOT NULL REFERENCES payouts,
    kind       text        NOT NULL CHECK (kind IN ('available','reminder','again')),
    channel    text        NOT NULL CHECK (channel IN ('mail','sms','none')),
    recipient  text        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('queued','sent','failed','dropped')),
    failure    text        NOT NULL DEFAULT '' CHECK (failure IN ('','no_contact','unreachable','unknown','refused','gave_up','moved_on')),
    detail     text        NOT NULL DEFAULT '',   -- the gateway's own words
    mail_id    bigint      REFERENCES mails,
    gateway_id text        NOT NULL DEFAULT '',
    tries      integer     NOT NULL DEFAULT 0,
    tried_at   timestamptz,
    next_at    timestamptz,                       -- when it is tried, or tried again
    sent_at    timestamptz,
    staff_id   bigint      REFERENCES staff,      -- who asked for it; null for the product itself
    created_at timestamptz NOT NULL,
    CHECK ((channel = 'none') = (recipient = '')),
    CHECK (channel <> 'none' OR state = 'failed'),
    CHECK (next_at IS NULL OR state = 'queued'),
    CHECK (state NOT IN ('failed','dropped') OR failure <> '')
);
-- By itself the product tells a payee once of each thing by each channel.
CREATE UNIQUE INDEX payee_messages_once ON payee_messages (payout_id, kind, channel) WHERE staff_id IS NULL;
CREATE INDEX payee_messages_payout ON payee_messages (payout_id, id);
CREATE INDEX payee_messages_due ON payee_messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payouts_available ON payouts (available_at) WHERE state = 'available';

-- Why a payout goes another way than the one it takes the place of.
ALTER TABLE payouts ADD COLUMN switch_reason text NOT NULL DEFAULT '' CHECK (switch_reason = '' OR replaces_id IS NOT NULL);

-- A payout whose payee is named wrongly, or that is to go another way: its code is taken back at the rail, and once its
-- money is back it is issued again. If it was collected meanwhile nothing is paid again.
CREATE TABLE payout_renewals (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id     bigint      NOT NULL REFERENCES payouts,
    kind          text        NOT NULL CHECK (kind IN ('name','network')),
    state         text        NOT NULL DEFAULT 'cancelling' CHECK (state IN ('cancelling','waiting','issued','collected','stopped')),
    request_id    bigint      UNIQUE REFERENCES requests,   -- by which two people agreed on the name
    maker_id      bigint      REFERENCES staff,             -- who prepares the new batch; null: finance does it by hand
    reason        text        NOT NULL CHECK (reason <> ''),
    connection_id bigint      REFERENCES connections,
    method_kind   text        NOT NULL DEFAULT '',
    tries         integer     NOT NULL DEFAULT 0,
    next_at       timestamptz NOT NULL,
    note          text        NOT NULL DEFAULT '',          -- what stands in the way
    detail        text        NOT NULL DEFAULT '',          -- in somebody's own words
    batch_id      bigint      REFERENCES batches,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    CHECK ((kind = 'name') = (request_id IS NOT NULL)),
    CHECK ((kind = 'network') = (connection_id IS NOT NULL AND method_kind <> '')),
    CHECK ((state = 'issued') = (batch_id IS NOT NULL)),
    CHECK ((state IN ('cancelling','waiting')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX payout_renewals_open ON payout_renewals (payout_id) WHERE ended_at IS NULL;
CREATE INDEX payout_renewals_due ON payout_renewals (next_at) WHERE ended_at IS NULL;
CREATE INDEX payout_renewals_payout ON payout_renewals (payout_id, id);
-- The consent is written at the end of the transaction that makes the change, so it is looked at then.
-- +goose StatementBegin
CREATE FUNCTION check_renewal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.request_id AND r.state = 'granted' AND r.kind = 'payout.correct_name'
                   AND r.subject_type = 'payout' AND r.subject_id = NEW.payout_id) THEN
        RAISE EXCEPTION 'nobody consented to another name for payout %', NEW.payout_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER payout_renewals_consented AFTER INSERT OR UPDATE OF request_id, payout_id ON payout_renewals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.request_id IS NOT NULL) EXECUTE FUNCTION check_renewal();

-- +goose Down
DROP TRIGGER payout_renewals_consented ON payout_renewals;
DROP FUNCTION check_renewal;
DROP TABLE payout_renewals;
ALTER TABLE payouts DROP COLUMN switch_reason;
DROP INDEX payouts_available;
DROP TABLE payee_messages, message_rules;
