-- +goose Up
-- A batch that is composed by the calendar. Its maker is who saved the schedule last.
CREATE TABLE schedules (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL CHECK (name <> ''),
    state         text        NOT NULL DEFAULT 'active' CHECK (state IN ('active','paused')),
    connection_id bigint      NOT NULL REFERENCES connections,
    methods       text[]      NOT NULL DEFAULT '{}',  -- empty: every method
    minimum       bigint      NOT NULL DEFAULT 0 CHECK (minimum >= 0), -- minor units a payee
    cadence       text        NOT NULL CHECK (cadence IN ('weekly','monthly')),
    weekdays      integer[]   NOT NULL DEFAULT '{}' CHECK (weekdays <@ ARRAY[0,1,2,3,4,5,6]), -- 0 is Sunday
    month_day     integer     NOT NULL DEFAULT 0 CHECK (month_day BETWEEN 0 AND 31), -- the last day where a month has no such day
    at            integer     NOT NULL CHECK (at BETWEEN 0 AND 1439),  -- minutes of the day in Bogotá
    shift         text        NOT NULL CHECK (shift IN ('next','previous')), -- business day to move to
    submit        boolean     NOT NULL,
    maker_id      bigint      NOT NULL REFERENCES staff,
    since         timestamptz NOT NULL,               -- runs due before are none of its business
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (cadence <> 'weekly' OR cardinality(weekdays) > 0),
    CHECK (cadence <> 'monthly' OR month_day > 0)
);

-- One run a schedule and day, whoever comes to it first.
CREATE TABLE schedule_runs (
    schedule_id bigint      NOT NULL REFERENCES schedules,
    day         date        NOT NULL,
    due_at      timestamptz NOT NULL,
    ran_at      timestamptz NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN ('made','nothing','maker')),
    batch_id    bigint      UNIQUE REFERENCES batches,
    PRIMARY KEY (schedule_id, day),
    CHECK ((outcome = 'made') = (batch_id IS NOT NULL))
);
CREATE INDEX schedule_runs_day ON schedule_runs (day);

-- +goose Down
DROP TABLE schedule_runs, schedules;
