-- +goose Up
-- One access path to a payout rail: credentials, limits, fees, dates.
CREATE TABLE connections (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug           text        NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,40}$'),
    rail           text        NOT NULL CHECK (rail IN ('d24')),
    name           text        NOT NULL,
    state          text        NOT NULL DEFAULT 'paused' CHECK (state IN ('paused','live')),
    paused_cause   text        NOT NULL DEFAULT '',  -- why the product paused it by itself, in our words
    base_url       text        NOT NULL,
    secrets        bytea       NOT NULL,             -- login, pass, signature: wrapped with the secret key
    validity_days  integer     NOT NULL DEFAULT 7 CHECK (validity_days BETWEEN 1 AND 60),
    rate           integer     NOT NULL DEFAULT 50 CHECK (rate BETWEEN 1 AND 10000),       -- requests a second
    concurrency    integer     NOT NULL DEFAULT 8 CHECK (concurrency BETWEEN 1 AND 256),
    fee_fixed      bigint      NOT NULL DEFAULT 0 CHECK (fee_fixed >= 0),                   -- minor units, each payout
    fee_bps        integer     NOT NULL DEFAULT 0 CHECK (fee_bps BETWEEN 0 AND 10000),
    fee_iva_bps    integer     NOT NULL DEFAULT 1900 CHECK (fee_iva_bps BETWEEN 0 AND 10000),
    max_amount     bigint      CHECK (max_amount > 0),                                      -- null: no limit of ours
    egress_address text        NOT NULL DEFAULT '',
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE batches (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code          text        NOT NULL UNIQUE,       -- B-2026-1120-02
    name          text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('draft','in_approval','returned','blocked','approved','dispatching','done','rejected','expired','recalled')),
    connection_id bigint      NOT NULL REFERENCES connections,
    filter        jsonb       NOT NULL DEFAULT '{}',
    cutoff_at     timestamptz NOT NULL,
    items         integer     NOT NULL DEFAULT 0,    -- payouts in it
    total         bigint      NOT NULL DEFAULT 0,
    fees          bigint      NOT NULL DEFAULT 0,    -- with IVA
    content_hash  bytea       CHECK (length(content_hash) = 32),
    maker_id      bigint      NOT NULL REFERENCES staff,
    editor_id     bigint      NOT NULL REFERENCES staff, -- the last one who changed its content
    submitted_at  timestamptz,
    decided_at    timestamptz,
    reason        text        NOT NULL DEFAULT '',   -- of the last return, rejection or recall
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (state IN ('draft','returned','recalled') OR content_hash IS NOT NULL)
);
CREATE INDEX batches_newest ON batches (created_at, id);
CREATE INDEX batches_state ON batches (state, created_at, id);
SELECT keep_tally('batches', 'batches', 'state', 'total');

-- A decision of a checker. The maker and the last editor can never be one, whatever path was taken: the row
-- carries both, tied to the batch by a foreign key, and the CHECK compares.
CREATE TABLE batch_decisions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id     bigint      NOT NULL,
    maker_id     bigint      NOT NULL,
    editor_id    bigint      NOT NULL,
    staff_id     bigint      NOT NULL REFERENCES staff,
    decision     text        NOT NULL CHECK (decision IN ('approve','return','reject')),
    content_hash bytea       NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    at           timestamptz NOT NULL DEFAULT now(),
    CHECK (staff_id <> maker_id AND staff_id <> editor_id),
    CHECK (decision = 'approve' OR reason <> '')
);
CREATE UNIQUE INDEX batch_decisions_once ON batch_decisions (batch_id, content_hash, staff_id) WHERE decision = 'approve';
CREATE INDEX batch_decisions_batch ON batch_decisions (batch_id, id);
-- +goose StatementBegin
CREATE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A plain foreign key would forbid a later edit by somebody else, so the tie is checked when the decision is made.
    IF NOT EXISTS (SELECT 1 FROM batches WHERE id = NEW.batch_id AND maker_id = NEW.maker_id AND editor_id = NEW.editor_id
                   AND content_hash = NEW.content_hash AND state = 'in_approval') THEN
        RAISE EXCEPTION 'decision on batch % does not match its maker, editor, content or state', NEW.batch_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER batch_decisions_check BEFORE INSERT ON batch_decisions FOR EACH ROW EXECUTE FUNCTION check_decision();
CREATE TRIGGER batch_decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who prepared a batch stays who prepared it, and a batch is approved by a decision on its present content or not at all.
-- +goose StatementBegin
CREATE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.maker_id <> OLD.maker_id THEN
        RAISE EXCEPTION 'the maker of batch % cannot be changed', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
        SELECT 1 FROM batch_decisions WHERE batch_id = NEW.id AND decision = 'approve' AND content_hash = NEW.content_hash) THEN
        RAISE EXCEPTION 'nobody approved the content of batch %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER batches_guard BEFORE UPDATE OF state, maker_id ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch();

CREATE TABLE payouts (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code           text        NOT NULL UNIQUE,      -- ours, and the external_id at the rail: unique for ever
    batch_id       bigint      NOT NULL REFERENCES batches,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    connection_id  bigint      NOT NULL REFERENCES connections,
    method_id      bigint      NOT NULL REFERENCES payout_methods,
    state          text        NOT NULL CHECK (state IN ('in_batch','approved','submitting','unknown','sent','available','on_hold','paid','failed','expired','returned','cancelled')),
    amount         bigint      NOT NULL CHECK (amount > 0 AND amount % 100 = 0),
    currency       text        NOT NULL DEFAULT 'COP' CHECK (currency IN ('COP','USD')),
    fee            bigint      NOT NULL DEFAULT 0,
    fee_iva        bigint      NOT NULL DEFAULT 0,
    carry_in       bigint      NOT NULL DEFAULT 0,   -- remainder of earlier payouts that this one took in
    carry_out      bigint      NOT NULL DEFAULT 0,   -- remainder below 50 pesos that stays payable
    -- the payee and destination as approved
    payee_name     text        NOT NULL,
    given_names    text        NOT NULL DEFAULT '',
    surnames       text        NOT NULL DEFAULT '',
    business_name  text        NOT NULL DEFAULT '',
    country        text        NOT NULL DEFAULT 'CO',
    doc_type       text        NOT NULL,
    doc_number     text        NOT NULL,
    doc_dv         text        NOT NULL DEFAULT '',
    phone          text        NOT NULL DEFAULT '',
    email          text        NOT NULL DEFAULT '',
    address        text        NOT NULL DEFAULT '',
    city           text        NOT NULL DEFAULT '',
    divipola       text        NOT NULL DEFAULT '',
    method_kind    text        NOT NULL,
    bank_code      text        NOT NULL DEFAULT '',
    account_type   text        NOT NULL DEFAULT '',
    account_number text        NOT NULL DEFAULT '',
    bre_b_key      text        NOT NULL DEFAULT '',
    bre_b_kind     text        NOT NULL DEFAULT '',
    -- at the rail
    rail_id        text        NOT NULL DEFAULT '',  -- the rail's id; stays empty when only a look-up by our code found it
    cause          text        NOT NULL DEFAULT '',  -- why it failed, in our words
    rail_code      text        NOT NULL DEFAULT '',
    rail_reason    text        NOT NULL DEFAULT '',
    worker_id      bigint,                           -- who is sending it, while submitting
    removed_reason text        NOT NULL DEFAULT '',  -- when taken out of its batch before approval
    next_poll_at   timestamptz,
    polls          integer     NOT NULL DEFAULT 0,
    overdue_at     timestamptz,                      -- an alarm is raised when it has not moved by then
    expires_at     timestamptz,                      -- expected, from the connection's validity
    submitted_at   timestamptz,
    sent_at        timestamptz,
    available_at   timestamptz,
    paid_at        timestamptz,
    state_at       timestamptz NOT NULL DEFAULT now(),
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'submitting') = (worker_id IS NOT NULL))
);
-- One payout per distributor and batch; one that was taken out leaves its place.
CREATE UNIQUE INDEX payouts_once ON payouts (batch_id, distributor_id) WHERE removed_reason = '';
CREATE INDEX payouts_newest ON payouts (created_at, id);
CREATE INDEX payouts_state ON payouts (state, created_at, id);
CREATE INDEX payouts_method ON payouts (method_kind, created_at, id);
CREATE INDEX payouts_batch ON payouts (batch_id, id);
CREATE INDEX payouts_distributor ON payouts (distributor_id, id);
CREATE INDEX payouts_rail_id ON payouts (rail_id) WHERE rail_id <> '';
CREATE INDEX payouts_due ON payouts (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX payouts_submitting ON payouts (worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX payouts_overdue ON payouts (overdue_at) WHERE overdue_at IS NOT NULL;
CREATE INDEX payouts_failed ON payouts (state_at) WHERE state IN ('failed','expired','returned');
CREATE INDEX payouts_expires ON payouts (expires_at) WHERE state = 'available';
SELECT keep_tally('payouts', 'payouts', 'state', 'amount');

-- Statement lines. Negative ones take back. order_number has no #.
CREATE TABLE commission_lines (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    order_number   text        NOT NULL DEFAULT '',
    period         text        NOT NULL CHECK (period ~ '^\d{4}-\d{2}$'),
    concept        text        NOT NULL,
    amount         bigint      NOT NULL CHECK (amount <> 0),
    currency       text        NOT NULL DEFAULT 'COP',
    note           text        NOT NULL DEFAULT '',
    flags          text[]      NOT NULL DEFAULT '{}',  -- flag_cash_report
    state          text        NOT NULL DEFAULT 'eligible' CHECK (state IN ('pending','eligible','held','in_batch','paid','fraud','duplicate','refunded','cancelled')),
    reason         text        NOT NULL DEFAULT '',
    payout_id      bigint      REFERENCES payouts,
    import_id      bigint      REFERENCES imports,
    line           integer     NOT NULL DEFAULT 0,
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (distributor_id, order_number, period, concept),
    CHECK ((state IN ('in_batch','paid')) = (payout_id IS NOT NULL)),
    CHECK (state <> 'held' OR reason <> '')
);
CREATE INDEX commission_lines_newest ON commission_lines (created_at, id);
CREATE INDEX commission_lines_state ON commission_lines (state, created_at, id);
CREATE INDEX commission_lines_distributor ON commission_lines (distributor_id, state, id);
CREATE INDEX commission_lines_period ON commission_lines (period, created_at, id);
CREATE INDEX commission_lines_order ON commission_lines (order_number) WHERE order_number <> '';
CREATE INDEX commission_lines_payout ON commission_lines (payout_id) WHERE payout_id IS NOT NULL;
SELECT keep_tally('commissions', 'commission_lines', 'state', 'amount');

-- What is left below 50 pesos after a cash payout, per distributor; may be negative after a release.
CREATE TABLE carries (
    distributor_id bigint PRIMARY KEY REFERENCES distributors,
    amount         bigint NOT NULL
);

-- Which lines each payout netted, kept when a failed payout gives its lines back.
CREATE TABLE payout_lines (
    payout_id bigint NOT NULL REFERENCES payouts,
    line_id   bigint NOT NULL REFERENCES commission_lines,
    amount    bigint NOT NULL,
    PRIMARY KEY (payout_id, line_id)
);
CREATE INDEX payout_lines_line ON payout_lines (line_id);

CREATE TABLE payout_events (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id  bigint      NOT NULL REFERENCES payouts,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_state text        NOT NULL,
    to_state   text        NOT NULL,
    origin     text        NOT NULL,   -- submit, lookup, poll, notification, person, sweep
    actor_name text        NOT NULL DEFAULT '',
    note       text        NOT NULL DEFAULT ''
);
CREATE INDEX payout_events_payout ON payout_events (payout_id, id);

-- Every request to a rail with its answer, secrets masked. Written before the request leaves.
CREATE TABLE payout_attempts (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id   bigint      NOT NULL REFERENCES payouts,
    kind        text        NOT NULL CHECK (kind IN ('submit','lookup','hold','release','cancel')),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    outcome     text        NOT NULL DEFAULT '' CHECK (outcome IN ('','accepted','rejected','unknown','not_sent','found','not_found')),
    method      text        NOT NULL DEFAULT '',
    url         text        NOT NULL DEFAULT '',
    request     text        NOT NULL DEFAULT '',
    status      integer     NOT NULL DEFAULT 0,
    response    text        NOT NULL DEFAULT '',
    request_id  text        NOT NULL DEFAULT '',
    failure     text        NOT NULL DEFAULT '',
    took_ms     integer     NOT NULL DEFAULT 0
);
CREATE INDEX payout_attempts_payout ON payout_attempts (payout_id, id);

-- A process that sends payouts beats here; one that stopped beating is dead and its payouts are looked up.
CREATE TABLE workers (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Counts up the batches of a day.
CREATE TABLE batch_numbers (
    day  date    PRIMARY KEY,
    last integer NOT NULL
);

-- +goose Down
DROP TABLE batch_numbers, workers, payout_attempts, payout_events, payout_lines, carries, commission_lines, payouts,
    batch_decisions, batches, connections;
DROP FUNCTION check_decision, guard_batch;
DROP FUNCTION tally_batches, tally_payouts, tally_commissions;
