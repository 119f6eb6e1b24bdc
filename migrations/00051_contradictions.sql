-- +goose Up
-- A rail says that it pays what it said had failed, expired or was cancelled, and whose money was made payable again. What
-- it said is kept, and two people settle it: the payout is taken as paid, or ours is kept with the evidence.
CREATE TABLE contradictions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id   bigint      NOT NULL REFERENCES payouts,
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open','paid','kept')),
    our_state   text        NOT NULL CHECK (our_state IN ('failed','expired','returned','cancelled')),
    rail_state  text        NOT NULL,               -- by its last statement
    rail_code   text        NOT NULL DEFAULT '',
    rail_reason text        NOT NULL DEFAULT '',
    origin      text        NOT NULL,               -- of the last statement: submit, notification, lookup, poll, person
    url         text        NOT NULL DEFAULT '',    -- the exchange with the rail, secrets masked
    request     text        NOT NULL DEFAULT '',
    response    text        NOT NULL DEFAULT '',
    statements  integer     NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    request_id  bigint      REFERENCES requests,    -- by which it was settled
    settled_at  timestamptz,
    twice       bigint      NOT NULL DEFAULT 0,     -- of it went out by another payout too: claimed back from the payee
    given_up    boolean     NOT NULL DEFAULT false, -- the claim, because the rail returned the payout after all
    CHECK ((state = 'open') = (settled_at IS NULL)),
    CHECK ((state = 'open') = (request_id IS NULL)),
    CHECK (twice = 0 OR state = 'paid'),
    CHECK (NOT given_up OR twice <> 0)
);
CREATE UNIQUE INDEX contradictions_open ON contradictions (payout_id) WHERE state = 'open';
CREATE INDEX contradictions_payout ON contradictions (payout_id);
CREATE INDEX contradictions_state ON contradictions (state, id);

-- Settling needs the consent of a second person, and what was settled stays.
-- +goose StatementBegin
CREATE FUNCTION guard_contradiction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND (NEW.state, NEW.settled_at, NEW.request_id, NEW.twice, NEW.payout_id) IS DISTINCT FROM (OLD.state, OLD.settled_at, OLD.request_id, OLD.twice, OLD.payout_id) THEN
        RAISE EXCEPTION 'contradiction % is settled', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION check_contradiction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'open' AND NOT EXISTS (SELECT 1 FROM requests WHERE id = NEW.request_id AND kind = 'contradiction.' || NEW.state
        AND subject_type = 'contradiction' AND subject_id = NEW.id AND state = 'granted') THEN
        RAISE EXCEPTION 'nobody consented to settling contradiction %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER contradictions_guard BEFORE UPDATE ON contradictions FOR EACH ROW EXECUTE FUNCTION guard_contradiction();
CREATE TRIGGER contradictions_kept BEFORE DELETE OR TRUNCATE ON contradictions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER contradictions_consent AFTER INSERT OR UPDATE ON contradictions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_contradiction();

-- Those that were noticed before they were kept.
INSERT INTO contradictions (payout_id, our_state, rail_state, origin, first_at, last_at)
SELECT id, state, 'paid', 'notification', overdue_at, overdue_at FROM payouts
WHERE overdue_at IS NOT NULL AND state IN ('failed','expired','returned','cancelled');

-- What a payee was paid twice is a receivable until it is taken off what they earn.
ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_debit_check, DROP CONSTRAINT ledger_entries_credit_check, DROP CONSTRAINT ledger_entries_kind_check,
    ADD CONSTRAINT ledger_entries_debit_check CHECK (debit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank','receivable')),
    ADD CONSTRAINT ledger_entries_credit_check CHECK (credit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank','receivable')),
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','gmf','fee_adjustment','failed','expired','cancelled','returned','topup','merge','paid_twice'));

-- +goose Down
ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_debit_check, DROP CONSTRAINT ledger_entries_credit_check, DROP CONSTRAINT ledger_entries_kind_check,
    ADD CONSTRAINT ledger_entries_debit_check CHECK (debit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank')),
    ADD CONSTRAINT ledger_entries_credit_check CHECK (credit IN ('commission_expense','payable','held','in_transit','float','fee_expense','gmf_expense','bank')),
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('accrual','clawback','hold','release','dispatch','recall','paid','fee','gmf','fee_adjustment','failed','expired','cancelled','returned','topup','merge'));
DROP TABLE contradictions;
DROP FUNCTION guard_contradiction, check_contradiction;
