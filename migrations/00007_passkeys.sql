-- +goose Up
-- Keys that people carry with them (WebAuthn), in place of a code. A credential belongs to one person.
CREATE TABLE staff_passkeys (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id      bigint      NOT NULL REFERENCES staff,
    credential_id bytea       NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 16 AND 1023),
    public_key    bytea       NOT NULL,
    sign_count    bigint      NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    synced        boolean     NOT NULL,            -- may be copied to other devices of the person; never changes
    transports    text[]      NOT NULL,
    name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at    timestamptz NOT NULL,
    used_at       timestamptz
);
CREATE INDEX staff_passkeys_staff ON staff_passkeys (staff_id, id);

-- A counter that goes back tells of a copied key, and no key changes hands: such an update is refused, whoever makes it.
-- +goose StatementBegin
CREATE FUNCTION refuse_passkey_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'passkey % goes back or changes hands', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER staff_passkeys_forward BEFORE UPDATE ON staff_passkeys FOR EACH ROW
    WHEN (NEW.sign_count < OLD.sign_count OR NEW.staff_id <> OLD.staff_id OR NEW.public_key <> OLD.public_key)
    EXECUTE FUNCTION refuse_passkey_change();

-- What a browser was asked to sign: one at a time for each session and purpose, gone once it is answered.
CREATE TABLE staff_passkey_challenges (
    session_id bigint      NOT NULL REFERENCES staff_sessions ON DELETE CASCADE,
    purpose    text        NOT NULL CHECK (purpose IN ('add','use')),
    data       jsonb       NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, purpose)
);

-- +goose Down
DROP TABLE staff_passkey_challenges, staff_passkeys;
DROP FUNCTION refuse_passkey_change;
