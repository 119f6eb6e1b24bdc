-- +goose Up
-- What payees declared about taxes. None ever changes: a later one takes its place from its day on. Erasing a payee's data
-- leaves the figures and takes the words of the evidence.
CREATE TABLE tax_profiles (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    distributor_id bigint      NOT NULL REFERENCES distributors,
    valid_from     date        NOT NULL,
    person         text        NOT NULL CHECK (person IN ('natural','juridical')),
    not_resident   boolean     NOT NULL,
    declarant      boolean     NOT NULL,              -- obliged to file income tax
    simple         boolean     NOT NULL,              -- régimen simple
    work_income    boolean     NOT NULL,              -- the table of art. 383
    contract_over  boolean     NOT NULL,              -- 3,300 UVT by the contract alone
    iva            boolean     NOT NULL,              -- responsable de IVA
    municipality   text        NOT NULL CHECK (municipality ~ '^(\d{5})?$'),
    evidence       text        NOT NULL CHECK (evidence <> ''),
    staff_id       bigint      NOT NULL,
    staff_name     text        NOT NULL,
    at             timestamptz NOT NULL,
    CHECK (NOT (work_income AND (simple OR person = 'juridical'))),
    CHECK (NOT (not_resident AND simple))
);
CREATE INDEX tax_profiles_distributor ON tax_profiles (distributor_id, valid_from DESC, id DESC);

-- What the merchant is and wants, from a day on, with the consent of a second person. Without any, nothing is withheld.
CREATE TABLE tax_versions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from   date        NOT NULL,
    settings     jsonb       NOT NULL,                -- models/tax.Settings
    reason       text        NOT NULL CHECK (reason <> ''),
    consent_id   bigint      NOT NULL UNIQUE REFERENCES requests,
    maker_name   text        NOT NULL,
    decider_name text        NOT NULL,
    at           timestamptz NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION guard_tax_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.evidence <> '–' OR to_jsonb(NEW) - 'evidence' <> to_jsonb(OLD) - 'evidence' THEN
        RAISE EXCEPTION 'tax profile % never changes', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION check_tax_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = NEW.consent_id AND r.kind = 'tax.settings' AND r.state = 'granted') THEN
        RAISE EXCEPTION 'nobody consented to tax settings %', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER tax_profiles_guard BEFORE UPDATE ON tax_profiles FOR EACH ROW EXECUTE FUNCTION guard_tax_profile();
CREATE TRIGGER tax_profiles_kept BEFORE DELETE OR TRUNCATE ON tax_profiles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tax_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tax_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER tax_versions_consent AFTER INSERT ON tax_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_tax_consent();

-- +goose Down
DROP TABLE tax_versions, tax_profiles;
DROP FUNCTION guard_tax_profile, check_tax_consent;
