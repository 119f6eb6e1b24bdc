-- +goose Up
-- A new or changed way of being paid needs a second person, and the payee waits some days after it: see models/method_change.go.
-- The dates stand with the distributor, whose row everybody who pays locks.
ALTER TABLE distributors
    ADD COLUMN account_changed_on date,
    ADD COLUMN payable_from       date,
    ADD CONSTRAINT distributors_cooling_off CHECK ((account_changed_on IS NULL) = (payable_from IS NULL) AND payable_from >= account_changed_on);

ALTER TABLE payout_methods ADD COLUMN consent_id bigint REFERENCES requests;
CREATE UNIQUE INDEX payout_methods_consent ON payout_methods (consent_id) WHERE consent_id IS NOT NULL;

-- A method is the first one that a distributor ever had, as an import brings it, or it has the consent of a second person.
-- +goose StatementBegin
CREATE FUNCTION check_methods() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows n JOIN payout_methods m ON m.distributor_id = n.distributor_id AND m.id <> n.id WHERE n.consent_id IS NULL) THEN
        RAISE EXCEPTION 'a further payout method needs the consent of a second person' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payout_methods_check AFTER INSERT ON payout_methods REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_methods();

-- Where a method pays to never changes, and it becomes the preferred one by a consent of its own.
-- +goose StatementBegin
CREATE FUNCTION guard_method() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.distributor_id, NEW.kind, NEW.bank_code, NEW.account_type, NEW.account_number, NEW.bre_b_key, NEW.bre_b_kind)
        IS DISTINCT FROM (OLD.distributor_id, OLD.kind, OLD.bank_code, OLD.account_type, OLD.account_number, OLD.bre_b_key, OLD.bre_b_kind) THEN
        RAISE EXCEPTION 'payout method % cannot pay to another place', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.preferred AND NOT OLD.preferred AND (NEW.consent_id IS NULL OR NEW.consent_id IS NOT DISTINCT FROM OLD.consent_id) THEN
        RAISE EXCEPTION 'payout method % becomes the preferred one only by the consent of a second person', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payout_methods_guard BEFORE UPDATE ON payout_methods FOR EACH ROW EXECUTE FUNCTION guard_method();

-- The consent is written at the end of the transaction that makes the change, so it is looked at then.
-- +goose StatementBegin
CREATE FUNCTION check_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND r.subject_type = 'distributor'
                   AND r.subject_id = NEW.distributor_id AND r.kind = 'method.change') THEN
        RAISE EXCEPTION 'nobody consented to payout method %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER payout_methods_consented AFTER INSERT OR UPDATE OF consent_id, preferred ON payout_methods DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.consent_id IS NOT NULL) EXECUTE FUNCTION check_consent();

-- +goose Down
DROP TRIGGER payout_methods_consented ON payout_methods;
DROP TRIGGER payout_methods_guard ON payout_methods;
DROP TRIGGER payout_methods_check ON payout_methods;
DROP FUNCTION check_consent, guard_method, check_methods;
ALTER TABLE payout_methods DROP COLUMN consent_id;
ALTER TABLE distributors
    DROP CONSTRAINT distributors_cooling_off,
    DROP COLUMN account_changed_on,
    DROP COLUMN payable_from;
