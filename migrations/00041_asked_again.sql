-- +goose Up
-- What a payee is asked again, in words for them, and how often a case went back: one that is sent after that is marked so.
ALTER TABLE kyc_items ADD COLUMN again_text text NOT NULL DEFAULT '' CHECK (length(again_text) <= 1000);
ALTER TABLE kyc_items ADD CHECK (again_text = '' OR state = 'again');
ALTER TABLE kyc_cases ADD COLUMN asked_times integer NOT NULL DEFAULT 0 CHECK (asked_times >= 0);

-- How many requests came by one link or from one address within a minute, over all processes. It is worth nothing after a crash.
CREATE UNLOGGED TABLE door_counts (
    key    text        NOT NULL,
    minute timestamptz NOT NULL,
    n      integer     NOT NULL,
    PRIMARY KEY (key, minute)
);
CREATE INDEX door_counts_minute ON door_counts (minute);

-- +goose Down
DROP TABLE door_counts;
ALTER TABLE kyc_cases DROP COLUMN asked_times;
ALTER TABLE kyc_items DROP COLUMN again_text;
