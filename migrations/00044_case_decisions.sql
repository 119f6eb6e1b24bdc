-- +goose Up
-- Which approvals need a second person: facts of a case, as rules in force. Taking one away needs a second person itself.
ALTER TABLE kyc_review_settings
    ADD COLUMN four_eyes  text[] NOT NULL DEFAULT '{company,high_risk,hit,overturned,pep}' CHECK (four_eyes <@ ARRAY['company','high_risk','hit','overturned','pep']),
    ADD COLUMN consent_id bigint REFERENCES requests;

-- What was decided about a case as a whole. One that needs a second person is open until another one confirms it or
-- sends it back; only a final one moves the case.
CREATE TABLE kyc_decisions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id      bigint      NOT NULL REFERENCES kyc_cases,
    outcome      text        NOT NULL CHECK (outcome IN ('approve','reject_retry','reject_final')),
    why          text[]      NOT NULL DEFAULT '{}',   -- a second person is needed
    reason       text        NOT NULL DEFAULT '',
    to_payee     text        NOT NULL DEFAULT '',
    note         text        NOT NULL DEFAULT '',
    state        text        NOT NULL CHECK (state IN ('open','final','returned','withdrawn')),
    maker_id     bigint      NOT NULL REFERENCES staff,
    maker_name   text        NOT NULL,
    made_at      timestamptz NOT NULL,
    checker_id   bigint      REFERENCES staff,
    checker_name text        NOT NULL DEFAULT '',
    checked_at   timestamptz,
    answer       text        NOT NULL DEFAULT '',
    CHECK (checker_id <> maker_id),
    CHECK (state <> 'final' OR cardinality(why) = 0 OR checker_id IS NOT NULL),
    CHECK (state <> 'open' OR checker_id IS NULL AND cardinality(why) > 0),
    CHECK (state <> 'returned' OR checker_id IS NOT NULL AND answer <> ''),
    CHECK ((outcome = 'approve') = (reason = '')),
    CHECK (cardinality(why) = 0 OR outcome = 'approve')
);
CREATE INDEX kyc_decisions_case ON kyc_decisions (case_id, id);
CREATE UNIQUE INDEX kyc_decisions_one_open ON kyc_decisions (case_id) WHERE state = 'open';
CREATE UNIQUE INDEX kyc_decisions_one_final ON kyc_decisions (case_id) WHERE state = 'final';
CREATE TRIGGER kyc_decisions_kept BEFORE DELETE OR TRUNCATE ON kyc_decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Why approving a case needs a second person, by the rules in force.
-- +goose StatementBegin
CREATE FUNCTION kyc_four_eyes(of bigint) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
RETURN (SELECT COALESCE(array_agg(w.why ORDER BY w.why), '{}') FROM (
    SELECT 'company' AS why FROM kyc_cases c WHERE c.id = of AND c.person_kind = 'juridical'
    UNION ALL SELECT 'pep' FROM (SELECT a.answer FROM kyc_answers a WHERE a.case_id = of AND a.item = 'declarations' ORDER BY a.version DESC LIMIT 1) a
        WHERE COALESCE(CAST(a.answer->>'pep' AS boolean), false) OR COALESCE(CAST(a.answer->>'relative' AS boolean), false)
    UNION ALL SELECT 'high_risk' FROM kyc_cases c JOIN risk_scores r ON r.distributor_id = c.distributor_id WHERE c.id = of AND r.band = 'high'
    UNION ALL SELECT 'hit' FROM kyc_cases c WHERE c.id = of AND EXISTS (SELECT 1 FROM screening_hits h WHERE h.distributor_id = c.distributor_id AND h.state = 'cleared')
    UNION ALL SELECT 'overturned' FROM kyc_cases c WHERE c.id = of AND (
        EXISTS (SELECT 1 FROM kyc_cases o WHERE o.distributor_id = c.distributor_id AND o.id < c.id AND o.state IN ('rejected_retry','rejected_final'))
        OR EXISTS (SELECT 1 FROM kyc_verdicts v JOIN kyc_items i ON i.case_id = v.case_id AND i.item = v.item AND i.version = v.version WHERE v.case_id = of AND v.verdict = 'reject'))
) w WHERE ARRAY[w.why] <@ (SELECT s.four_eyes FROM kyc_review_settings s ORDER BY s.id DESC LIMIT 1));
END $$;
-- +goose StatementEnd

-- Whatever the path, a case is decided by a decision that is final, by two people where the rules ask for it, and nobody
-- is approved of whom something required was not accepted.
-- +goose StatementBegin
CREATE FUNCTION check_case_decided() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE d kyc_decisions;
BEGIN
    SELECT * INTO d FROM kyc_decisions x WHERE x.case_id = NEW.id AND x.state = 'final';
    IF d.id IS NULL OR d.outcome <> (CASE NEW.state WHEN 'approved' THEN 'approve' WHEN 'rejected_retry' THEN 'reject_retry' ELSE 'reject_final' END) THEN
        RAISE EXCEPTION 'nobody decided that case % is %', NEW.id, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND d.checker_id IS NULL AND cardinality(kyc_four_eyes(NEW.id)) > 0 THEN
        RAISE EXCEPTION 'case % needs a second person: %', NEW.id, kyc_four_eyes(NEW.id) USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND EXISTS (SELECT 1 FROM kyc_items i WHERE i.case_id = NEW.id AND i.required AND i.item NOT IN ('consent','signature') AND i.state <> 'accepted') THEN
        RAISE EXCEPTION 'case % was approved although something required was not accepted', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER kyc_cases_decided AFTER UPDATE ON kyc_cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN ('approved','rejected_retry','rejected_final') AND OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_case_decided();

-- A rule is taken away with the consent of a second person only, written at the end of the transaction.
-- +goose StatementBegin
CREATE FUNCTION check_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT o.four_eyes FROM kyc_review_settings o WHERE o.id < NEW.id ORDER BY o.id DESC LIMIT 1) <@ NEW.four_eyes
        AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.state = 'granted' AND r.kind = 'kyc.four_eyes') THEN
        RAISE EXCEPTION 'nobody consented to taking a rule of two people away' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER kyc_review_settings_four_eyes AFTER INSERT ON kyc_review_settings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_four_eyes();

-- +goose Down
DROP TRIGGER kyc_review_settings_four_eyes ON kyc_review_settings;
DROP TRIGGER kyc_cases_decided ON kyc_cases;
DROP FUNCTION check_four_eyes, check_case_decided, kyc_four_eyes;
DROP TABLE kyc_decisions;
ALTER TABLE kyc_review_settings DROP COLUMN consent_id, DROP COLUMN four_eyes;
