-- +goose Up
-- What a person was told: one row a person and event; the words are made of the event when it is read.
CREATE TABLE notices (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id   bigint      NOT NULL REFERENCES staff,
    event_id   bigint      NOT NULL REFERENCES events,
    topic      text        NOT NULL CHECK (topic IN ('waiting','answer','failed','expiring','float','work','other')),
    created_at timestamptz NOT NULL,
    read_at    timestamptz,
    mail       text        NOT NULL DEFAULT 'waiting' CHECK (mail IN ('waiting','sent','none')),
    UNIQUE (event_id, staff_id) -- an event that is delivered twice is told once
);
CREATE INDEX notices_newest ON notices (staff_id, id);
CREATE INDEX notices_topic ON notices (staff_id, topic, id);
CREATE INDEX notices_unread ON notices (staff_id, id) WHERE read_at IS NULL;
CREATE INDEX notices_mail ON notices (staff_id, id) WHERE mail = 'waiting';

-- How a person wants to be told by mail; without a row the defaults of models.DefaultNoticePreferences hold.
CREATE TABLE notice_preferences (
    staff_id       bigint   PRIMARY KEY REFERENCES staff,
    now            text[]   NOT NULL,  -- topics mailed at once
    digest         text[]   NOT NULL,  -- topics mailed together once a day; all others are told in the app alone
    urgent         text[]   NOT NULL,  -- topics that quiet hours do not hold up
    quiet_from     integer  NOT NULL CHECK (quiet_from BETWEEN 0 AND 1439), -- minutes of the day in Bogotá
    quiet_to       integer  NOT NULL CHECK (quiet_to BETWEEN 0 AND 1439),   -- the same as quiet_from: no quiet hours
    quiet_weekends boolean  NOT NULL,
    quiet_holidays boolean  NOT NULL,
    digest_at      integer  NOT NULL CHECK (digest_at BETWEEN 0 AND 1439),
    updated_at     timestamptz NOT NULL,
    CHECK (NOT now && digest),
    CHECK (urgent <@ now)
);

-- A mail that must go out once has a key.
ALTER TABLE mails ADD COLUMN once text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX mails_once ON mails (once) WHERE once <> '';

-- +goose Down
ALTER TABLE mails DROP COLUMN once;
DROP TABLE notice_preferences, notices;
