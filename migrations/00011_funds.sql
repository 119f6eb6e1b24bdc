-- +goose Up
-- What a rail charges for a payout, from a day on. A version is never changed; one that has not begun may be withdrawn.
CREATE TABLE fee_schedules (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connections,
    valid_from    date        NOT NULL,             -- in Bogotá
    method_kind   text        NOT NULL DEFAULT '' CHECK (method_kind IN ('','efecty_cash','puntored_cash','bank','nequi','daviplata','bre_b')), -- '': any without one of its own
    min_fee       bigint      NOT NULL DEFAULT 0 CHECK (min_fee >= 0 AND min_fee % 100 = 0), -- before IVA, minor units of whole pesos
    max_fee       bigint      CHECK (max_fee >= min_fee AND max_fee % 100 = 0),
    iva_bps       integer     NOT NULL CHECK (iva_bps BETWEEN 0 AND 10000),
    note          text        NOT NULL DEFAULT '',  -- the contract or message it is from
    maker_name    text        NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now(),
    withdrawn_at  timestamptz,
    CHECK (withdrawn_at IS NULL OR (withdrawn_at AT TIME ZONE 'America/Bogota')::date < valid_from)
);
CREATE UNIQUE INDEX fee_schedules_once ON fee_schedules (connection_id, method_kind, valid_from) WHERE withdrawn_at IS NULL;

-- The tier that the whole amount falls into is charged on the whole amount.
CREATE TABLE fee_tiers (
    schedule_id bigint  NOT NULL REFERENCES fee_schedules,
    seq         integer NOT NULL,
    up_to       bigint  CHECK (up_to > 0 AND up_to % 100 = 0), -- null: whatever is above; the last one
    fixed       bigint  NOT NULL CHECK (fixed >= 0 AND fixed % 100 = 0),
    bps         integer NOT NULL CHECK (bps BETWEEN 0 AND 10000),
    PRIMARY KEY (schedule_id, seq)
);
-- +goose StatementBegin
CREATE FUNCTION guard_fee_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR to_jsonb(NEW) - 'withdrawn_at' <> to_jsonb(OLD) - 'withdrawn_at' THEN
        RAISE EXCEPTION 'fee schedule % cannot be changed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_schedules_guard BEFORE UPDATE ON fee_schedules FOR EACH ROW EXECUTE FUNCTION guard_fee_schedule();
CREATE TRIGGER fee_schedules_kept BEFORE DELETE OR TRUNCATE ON fee_schedules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER fee_tiers_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON fee_tiers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

WITH first AS (
    INSERT INTO fee_schedules (connection_id, valid_from, iva_bps)
    SELECT id, (created_at AT TIME ZONE 'America/Bogota')::date, fee_iva_bps FROM connections WHERE fee_fixed > 0 OR fee_bps > 0
    RETURNING id, connection_id)
INSERT INTO fee_tiers (schedule_id, seq, fixed, bps) SELECT f.id, 1, c.fee_fixed, c.fee_bps FROM first f JOIN connections c ON c.id = f.connection_id;

ALTER TABLE connections
    DROP COLUMN fee_fixed, DROP COLUMN fee_bps, DROP COLUMN fee_iva_bps,
    ADD COLUMN gmf              boolean NOT NULL DEFAULT false,          -- the tax on bank transactions is charged on what leaves over it
    ADD COLUMN gmf_reason       text    NOT NULL DEFAULT '',             -- why it is, or is not
    ADD COLUMN float_control    boolean NOT NULL DEFAULT false,          -- nothing is handed over beyond the money that lies at the rail
    ADD COLUMN float_alarm      bigint  CHECK (float_alarm > 0),         -- raise an alarm below this amount,
    ADD COLUMN float_alarm_days integer CHECK (float_alarm_days BETWEEN 1 AND 60), -- or below so many days of average payouts
    ADD CONSTRAINT connections_gmf_reason CHECK (NOT gmf OR gmf_reason <> ''),
    ADD CONSTRAINT connections_float_alarm CHECK (float_alarm IS NULL OR float_alarm_days IS NULL);
ALTER TABLE payouts
    ADD COLUMN gmf         bigint NOT NULL DEFAULT 0 CHECK (gmf >= 0),
    ADD COLUMN fee_charged bigint CHECK (fee_charged >= 0);              -- with IVA, as the rail really charged it; null while not known
ALTER TABLE batches ADD COLUMN gmf bigint NOT NULL DEFAULT 0;
CREATE INDEX payouts_handed ON payouts (connection_id, submitted_at) WHERE submitted_at IS NOT NULL;

ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_debit_check, DROP CONSTRAINT ledger_entries_credit_check,
    DROP CONSTRAINT ledger_entries_kind_check, DROP CONSTRAINT ledger_entries_source_check,
    ADD CONSTRAINT ledger_entries_debit_check CHECK (debit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank')),
    ADD CONSTRAINT ledger_entries_credit_check CHECK (credit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank')),
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','gmf','fee_adjustment','failed','expired','cancelled','returned','topup')),
    ADD CONSTRAINT ledger_entries_source_check CHECK (source IN ('commission','payout','topup'));

-- Money sent to a rail, in the books once a second person consents.
CREATE TABLE float_topups (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connections,
    amount        bigint      NOT NULL CHECK (amount > 0 AND amount % 100 = 0),
    reference     text        NOT NULL CHECK (reference <> ''), -- of the transfer, as the bank statement has it
    state         text        NOT NULL DEFAULT 'asked' CHECK (state IN ('asked','booked','dropped')),
    maker_id      bigint      NOT NULL REFERENCES staff,
    created_at    timestamptz NOT NULL DEFAULT now(),
    decided_at    timestamptz,
    CHECK ((state = 'asked') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX float_topups_once ON float_topups (connection_id, lower(reference)) WHERE state <> 'dropped';
CREATE INDEX float_topups_connection ON float_topups (connection_id, id);
-- +goose StatementBegin
CREATE FUNCTION guard_topup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'asked' OR (NEW.connection_id, NEW.amount, NEW.reference, NEW.maker_id) IS DISTINCT FROM (OLD.connection_id, OLD.amount, OLD.reference, OLD.maker_id) THEN
        RAISE EXCEPTION 'top-up % cannot be changed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION check_topup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'booked' AND NOT EXISTS (SELECT 1 FROM requests WHERE kind = 'float.topup' AND subject_type = 'topup' AND subject_id = NEW.id
        AND maker_id = NEW.maker_id AND state = 'granted') THEN
        RAISE EXCEPTION 'nobody consented to top-up %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER float_topups_guard BEFORE UPDATE ON float_topups FOR EACH ROW EXECUTE FUNCTION guard_topup();
CREATE TRIGGER float_topups_kept BEFORE DELETE OR TRUNCATE ON float_topups FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER float_topups_consent AFTER INSERT OR UPDATE ON float_topups DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_topup();

-- What the rail says lies there, and what the books expected at that moment.
CREATE TABLE float_reports (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connections,
    at            timestamptz NOT NULL,  -- when the balance was read
    reported      bigint      NOT NULL,
    expected      bigint      NOT NULL,
    note          text        NOT NULL DEFAULT '',
    maker_name    text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX float_reports_connection ON float_reports (connection_id, id);
CREATE TRIGGER float_reports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON float_reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is free at each rail, as deltas like tallies: the float, less every payout that was handed over and not settled, with
-- what it is expected to cost.
CREATE TABLE float_free (
    connection_id bigint NOT NULL,
    amount        bigint NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION tally_float() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO float_free (connection_id, amount)
    SELECT CASE WHEN e.debit IN ('float','in_transit') THEN e.debit_party ELSE e.credit_party END AS party,
        sum(CASE e.debit WHEN 'float' THEN e.amount WHEN 'in_transit' THEN p.amount + p.fee + p.fee_iva + p.gmf ELSE 0 END
          - CASE e.credit WHEN 'float' THEN e.amount WHEN 'in_transit' THEN p.amount + p.fee + p.fee_iva + p.gmf ELSE 0 END) AS delta
    FROM new_rows e LEFT JOIN payouts p ON e.source = 'payout' AND p.id = e.source_id
    WHERE e.debit IN ('float','in_transit') OR e.credit IN ('float','in_transit')
    GROUP BY party;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_entries_float AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tally_float();
INSERT INTO float_free (connection_id, amount)
SELECT CASE WHEN e.debit IN ('float','in_transit') THEN e.debit_party ELSE e.credit_party END AS party,
    sum(CASE e.debit WHEN 'float' THEN e.amount WHEN 'in_transit' THEN p.amount + p.fee + p.fee_iva + p.gmf ELSE 0 END
      - CASE e.credit WHEN 'float' THEN e.amount WHEN 'in_transit' THEN p.amount + p.fee + p.fee_iva + p.gmf ELSE 0 END)
FROM ledger_entries e LEFT JOIN payouts p ON e.source = 'payout' AND p.id = e.source_id
WHERE e.debit IN ('float','in_transit') OR e.credit IN ('float','in_transit')
GROUP BY party;

-- The most that may be handed over in a day of Bogotá. One without amount and count was lifted.
CREATE TABLE caps (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connections,
    scope         text        NOT NULL CHECK (scope IN ('connection','network','payee')), -- payee: each of them
    method_kind   text        NOT NULL DEFAULT '' CHECK (method_kind IN ('','efecty_cash','puntored_cash','bank','nequi','daviplata','bre_b')),
    amount        bigint      CHECK (amount > 0 AND amount % 100 = 0),
    count         integer     CHECK (count > 0),
    request_id    bigint      REFERENCES requests,  -- the one that last raised or lifted it
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((scope = 'network') = (method_kind <> '')),
    UNIQUE (connection_id, scope, method_kind)
);
-- +goose StatementBegin
CREATE FUNCTION guard_cap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.connection_id, NEW.scope, NEW.method_kind) IS DISTINCT FROM (OLD.connection_id, OLD.scope, OLD.method_kind) THEN
        RAISE EXCEPTION 'cap % cannot be of something else', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.amount IS NOT NULL AND (NEW.amount IS NULL OR NEW.amount > OLD.amount) OR OLD.count IS NOT NULL AND (NEW.count IS NULL OR NEW.count > OLD.count) THEN
        IF NEW.request_id IS NOT DISTINCT FROM OLD.request_id OR NOT EXISTS (SELECT 1 FROM requests
            WHERE id = NEW.request_id AND kind = 'cap.raise' AND subject_type = 'cap' AND subject_id = NEW.id AND state = 'granted') THEN
            RAISE EXCEPTION 'nobody consented to raising cap %', NEW.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER caps_guard AFTER UPDATE ON caps DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION guard_cap();
CREATE TRIGGER caps_kept BEFORE DELETE OR TRUNCATE ON caps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE caps, float_reports, float_topups;
DROP TRIGGER ledger_entries_float ON ledger_entries;
DROP TABLE float_free;
DROP FUNCTION guard_cap, tally_float, check_topup, guard_topup;
ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_debit_check, DROP CONSTRAINT ledger_entries_credit_check,
    DROP CONSTRAINT ledger_entries_kind_check, DROP CONSTRAINT ledger_entries_source_check,
    ADD CONSTRAINT ledger_entries_debit_check CHECK (debit IN ('commission_expense','payable','held','in_transit','float','fee_expense')),
    ADD CONSTRAINT ledger_entries_credit_check CHECK (credit IN ('commission_expense','payable','held','in_transit','float','fee_expense')),
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','failed','expired','cancelled','returned')),
    ADD CONSTRAINT ledger_entries_source_check CHECK (source IN ('commission','payout'));
DROP INDEX payouts_handed;
ALTER TABLE batches DROP COLUMN gmf;
ALTER TABLE payouts DROP COLUMN gmf, DROP COLUMN fee_charged;
ALTER TABLE connections
    DROP COLUMN gmf, DROP COLUMN gmf_reason, DROP COLUMN float_control, DROP COLUMN float_alarm, DROP COLUMN float_alarm_days,
    ADD COLUMN fee_fixed   bigint  NOT NULL DEFAULT 0 CHECK (fee_fixed >= 0),
    ADD COLUMN fee_bps     integer NOT NULL DEFAULT 0 CHECK (fee_bps BETWEEN 0 AND 10000),
    ADD COLUMN fee_iva_bps integer NOT NULL DEFAULT 1900 CHECK (fee_iva_bps BETWEEN 0 AND 10000);
UPDATE connections c SET fee_fixed = t.fixed, fee_bps = t.bps, fee_iva_bps = s.iva_bps
FROM fee_schedules s JOIN fee_tiers t ON t.schedule_id = s.id AND t.seq = 1
WHERE s.id = (SELECT id FROM fee_schedules WHERE connection_id = c.id AND method_kind = '' AND withdrawn_at IS NULL ORDER BY valid_from DESC LIMIT 1);
DROP TABLE fee_tiers, fee_schedules;
DROP FUNCTION guard_fee_schedule;
