-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Tables that only grow refuse everything else, whoever asks.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd

-- Tab counts and sums are kept as deltas, one row a statement and state, so that writers never wait for each
-- other on a counter row; readers add up a few rows, and a job folds them together.
CREATE TABLE tallies (
    list  text   NOT NULL,
    key   text   NOT NULL,
    n     bigint NOT NULL,
    total bigint NOT NULL -- minor units, 0 where the list has no amount
);
CREATE INDEX tallies_list ON tallies (list, key);

-- keep_tally makes the triggers that keep the tallies of a list: one delta a statement and key. Their function is
-- written out for each table, so that its plans are kept; built anew for each statement they cost more than the rest.
-- +goose StatementBegin
CREATE FUNCTION keep_tally(list text, tbl regclass, key text, total text) RETURNS void LANGUAGE plpgsql AS $make$
DECLARE
    added text := format('SELECT CAST(%s AS text) AS k, 1 AS n, CAST(%s AS bigint) AS t FROM new_rows', key, total);
    gone  text := format('SELECT CAST(%s AS text) AS k, -1 AS n, -CAST(%s AS bigint) AS t FROM old_rows', key, total);
    delta text := format('INSERT INTO tallies (list, key, n, total) SELECT %L, k, sum(n), sum(t) FROM (%%s) x GROUP BY k HAVING sum(n) <> 0 OR sum(t) <> 0', list);
BEGIN
    EXECUTE format($f$CREATE FUNCTION tally_%s() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            CASE TG_OP WHEN 'INSERT' THEN %s; WHEN 'DELETE' THEN %s; ELSE %s; END CASE;
            RETURN NULL;
        END $body$ $f$, list, format(delta, added), format(delta, gone), format(delta, added || ' UNION ALL ' || gone));
    EXECUTE format('CREATE TRIGGER %s_tally_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_%s()', list, tbl, list);
    EXECUTE format('CREATE TRIGGER %s_tally_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_%s()', list, tbl, list);
    EXECUTE format('CREATE TRIGGER %s_tally_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_%s()', list, tbl, list);
END $make$;
-- +goose StatementEnd

CREATE TABLE staff (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text        NOT NULL CHECK (email = lower(email)),
    name          text        NOT NULL CHECK (name <> ''),
    roles         text[]      NOT NULL CHECK (roles <@ ARRAY['admin','finance','approver','compliance','support','auditor']),
    state         text        NOT NULL DEFAULT 'invited' CHECK (state IN ('invited','active','disabled')),
    password_hash text        NOT NULL DEFAULT '',
    totp_secret   bytea,                            -- wrapped with the secret key
    totp_step     bigint      NOT NULL DEFAULT 0,   -- last step used: a code works once
    locale        text        NOT NULL DEFAULT '',
    theme         text        NOT NULL DEFAULT '',
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (state <> 'active' OR (password_hash <> '' AND totp_secret IS NOT NULL))
);
CREATE UNIQUE INDEX staff_email ON staff (email);

CREATE TABLE staff_setup_links (
    token_hash bytea       PRIMARY KEY,
    staff_id   bigint      NOT NULL REFERENCES staff,
    purpose    text        NOT NULL CHECK (purpose IN ('setup','mfa')),
    secret     bytea,                               -- the offered second factor, wrapped, until it is confirmed
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX staff_setup_links_staff ON staff_setup_links (staff_id);

CREATE TABLE staff_recovery_codes (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id  bigint      NOT NULL REFERENCES staff,
    code_hash bytea       NOT NULL,
    used_at   timestamptz,
    UNIQUE (staff_id, code_hash)
);

CREATE TABLE staff_sessions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea       NOT NULL UNIQUE,
    staff_id     bigint      REFERENCES staff,       -- null until signed in
    data         bytea       NOT NULL DEFAULT '',
    address      text        NOT NULL DEFAULT '',
    agent        text        NOT NULL DEFAULT '',
    factor_at    timestamptz,                        -- when the second factor was last given
    created_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX staff_sessions_staff ON staff_sessions (staff_id, seen_at);
CREATE INDEX staff_sessions_expires ON staff_sessions (expires_at);

CREATE TABLE sign_in_throttles (
    key           text        PRIMARY KEY,           -- pair, account, address or code: see services/staff/throttle.go
    failures      integer     NOT NULL,
    blocked_until timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_throttles_updated ON sign_in_throttles (updated_at);

-- xid stands first so that it is assigned before the id is drawn: the sealing job waits for every transaction
-- that may hold a lower id.
CREATE TABLE audit_events (
    xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id     bigint      NOT NULL DEFAULT 0,
    actor_name   text        NOT NULL,
    address      text        NOT NULL DEFAULT '',
    session_id   bigint      NOT NULL DEFAULT 0,
    action       text        NOT NULL,
    subject_type text        NOT NULL,
    subject_id   bigint      NOT NULL DEFAULT 0,
    reason       text        NOT NULL DEFAULT '',
    before       jsonb,
    after        jsonb
);
CREATE INDEX audit_events_subject ON audit_events (subject_type, subject_id, id);
CREATE INDEX audit_events_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_seals (
    event_id  bigint      PRIMARY KEY REFERENCES audit_events,
    hash      bytea       NOT NULL CHECK (length(hash) = 32), -- sha256(previous hash, this event)
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- How far the log had grown at a moment: events up to event_id may be sealed once every transaction below that number
-- has ended, because only those can still add an event with a lower id.
CREATE TABLE audit_marks (
    event_id bigint NOT NULL,
    below    xid8   NOT NULL
);
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE mails (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient  text        NOT NULL,
    subject    text        NOT NULL,
    body       text        NOT NULL,           -- says {link} where the link belongs
    link       bytea,                          -- one-time link, wrapped with the secret key
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    tries      integer     NOT NULL DEFAULT 0,
    failure    text        NOT NULL DEFAULT '' -- of the last try
);
CREATE INDEX mails_unsent ON mails (id) WHERE sent_at IS NULL;

-- Files kept as evidence. The bytes are in the blob store under key; sha256 proves them.
CREATE TABLE files (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        text        NOT NULL UNIQUE,
    name       text        NOT NULL,
    mime       text        NOT NULL,
    size       bigint      NOT NULL,
    sha256     bytea       NOT NULL CHECK (length(sha256) = 32),
    created_by bigint      NOT NULL REFERENCES staff,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- An upload on its way: it is checked, shown, and taken only when a person says so. The file itself and the
-- report of every fault lie in the blob store.
CREATE TABLE imports (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('distributors','orders','commissions','tracking')),
    file_name   text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('mapping','checking','preview','applying','applied','failed','dropped')),
    blob_key    text        NOT NULL,
    size        bigint      NOT NULL,
    sha256      bytea       NOT NULL CHECK (length(sha256) = 32),
    header      jsonb       NOT NULL DEFAULT '[]',  -- the file's own column names
    mapping     jsonb       NOT NULL DEFAULT '{}',  -- our column name → the file's
    result      jsonb       NOT NULL DEFAULT '{}',
    preview     jsonb       NOT NULL DEFAULT '[]',  -- the first rows as they were understood
    report_key  text        NOT NULL DEFAULT '',
    failure     text        NOT NULL DEFAULT '',
    created_by  bigint      NOT NULL DEFAULT 0,
    created_name text       NOT NULL DEFAULT '',
    applied_by  bigint      NOT NULL DEFAULT 0,
    applied_name text       NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX imports_kind ON imports (kind, id);

-- The first faults of an import, for its page.
CREATE TABLE import_faults (
    import_id bigint  NOT NULL REFERENCES imports,
    seq       integer NOT NULL,
    line      integer NOT NULL,
    severity  text    NOT NULL CHECK (severity IN ('error','warning')),
    field     text    NOT NULL,
    code      text    NOT NULL,
    message   text    NOT NULL,
    PRIMARY KEY (import_id, seq)
);

-- Double entry in one row: it balances by its shape. Accounts are (kind, party): party is the distributor for
-- payable and held, the connection for in_transit, float and fees, 0 for the merchant's own.
CREATE TABLE ledger_entries (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    debit        text        NOT NULL CHECK (debit IN ('commission_expense','payable','held','in_transit','float','fee_expense')),
    debit_party  bigint      NOT NULL,
    credit       text        NOT NULL CHECK (credit IN ('commission_expense','payable','held','in_transit','float','fee_expense')),
    credit_party bigint      NOT NULL,
    amount       bigint      NOT NULL CHECK (amount > 0), -- minor units
    currency     text        NOT NULL CHECK (currency IN ('COP','USD')),
    kind         text        NOT NULL CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','failed','expired','cancelled','returned')),
    source       text        NOT NULL CHECK (source IN ('commission','payout')),
    source_id    bigint      NOT NULL,
    step         integer     NOT NULL, -- the source's version: the same step is never posted twice
    CHECK (debit <> credit OR debit_party <> credit_party)
);
CREATE UNIQUE INDEX ledger_entries_once ON ledger_entries (source, source_id, step, kind);
CREATE INDEX ledger_entries_debit ON ledger_entries (debit_party, debit, id);
CREATE INDEX ledger_entries_credit ON ledger_entries (credit_party, credit, id);
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Running sums of each kind of account, as deltas like tallies.
CREATE TABLE ledger_tallies (
    account  text    NOT NULL,
    currency text    NOT NULL,
    debit    numeric NOT NULL,
    credit   numeric NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION tally_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_tallies (account, currency, debit, credit)
    SELECT account, currency, sum(d), sum(c) FROM (
        SELECT debit AS account, currency, amount AS d, 0 AS c FROM new_rows
        UNION ALL SELECT credit, currency, 0, amount FROM new_rows) x
    GROUP BY account, currency;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_entries_tally AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tally_ledger();

-- +goose Down
DROP TABLE ledger_tallies, ledger_entries, import_faults, imports, files, mails, audit_marks, audit_seals, audit_events,
    sign_in_throttles, staff_sessions, staff_recovery_codes, staff_setup_links, staff, tallies;
DROP FUNCTION tally_ledger, keep_tally, refuse_change;
