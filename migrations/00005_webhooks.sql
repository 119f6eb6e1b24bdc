-- +goose Up
CREATE TABLE webhook_events (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      REFERENCES connections, -- null when the address named none we know
    rail          text        NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    remote        text        NOT NULL DEFAULT '',
    headers       jsonb       NOT NULL DEFAULT '{}',  -- those worth keeping, secrets left out
    body          bytea       NOT NULL,
    body_hash     bytea       NOT NULL CHECK (length(body_hash) = 32),
    verdict       text        NOT NULL CHECK (verdict IN ('accepted','duplicate','rejected')),
    reason        text        NOT NULL DEFAULT '',    -- of a rejection: bad_signature, too_large, unknown_connection, malformed
    reference     text        NOT NULL DEFAULT '',    -- the payout it names
    rail_id       text        NOT NULL DEFAULT ''
);
CREATE INDEX webhook_events_verdict ON webhook_events (verdict, id);
CREATE INDEX webhook_events_reference ON webhook_events (reference, id) WHERE reference <> '';
CREATE INDEX webhook_events_received ON webhook_events (received_at, id);
CREATE TRIGGER webhook_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON webhook_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT keep_tally('webhooks', 'webhook_events', 'verdict', '0');

-- The bodies that were accepted, each once: what comes again is a duplicate. Its key decides, also between processes.
CREATE TABLE webhook_bodies (
    body_hash     bytea  NOT NULL,
    connection_id bigint NOT NULL,
    PRIMARY KEY (body_hash, connection_id)
);

-- Each time an event was worked on, by the job or because a person asked.
CREATE TABLE webhook_runs (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id bigint      NOT NULL REFERENCES webhook_events,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome  text        NOT NULL,   -- polled, moved, unchanged, unknown_payout, failed
    note     text        NOT NULL DEFAULT '',
    actor_name text      NOT NULL DEFAULT ''
);
CREATE INDEX webhook_runs_event ON webhook_runs (event_id, id);

-- +goose Down
DROP TABLE webhook_runs, webhook_bodies, webhook_events;
DROP FUNCTION tally_webhooks;
