-- +goose Up
-- Long work that somebody asked for: how far it is, and what came of it. What it changes is one transaction, whose last
-- statements say here that it is done, so that it is never done and unsaid, nor said and undone.
CREATE TABLE tasks (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL,              -- see models/task.go
    name         text        NOT NULL,              -- of the file or batch it is about, fills its title
    payload      jsonb       NOT NULL DEFAULT '{}', -- what the kind works from; emptied at the end
    state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting','running','done','failed','cancelled')),
    staff_id     bigint      NOT NULL,              -- who asked for it; 0 for the product itself
    staff_name   text        NOT NULL,
    attempt      integer     NOT NULL DEFAULT 0,    -- a process that was taken over from cannot end it
    done         bigint      NOT NULL DEFAULT 0,
    total        bigint      NOT NULL DEFAULT 0,    -- 0 while it is not known
    stopping     boolean     NOT NULL DEFAULT false,
    committed    boolean     NOT NULL DEFAULT false, -- cannot be stopped any more
    subject_type text        NOT NULL DEFAULT '',   -- the record it works on or led to
    subject_id   bigint      NOT NULL DEFAULT 0,
    rows         bigint      NOT NULL DEFAULT 0,    -- in the file
    file_key     text        NOT NULL DEFAULT '',
    file_size    bigint      NOT NULL DEFAULT 0,
    file_until   timestamptz,
    permission   text        NOT NULL DEFAULT '',   -- needed to take the file away
    failure      text        NOT NULL DEFAULT '',   -- catalogue key or sentence
    failure_args jsonb       NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    CHECK ((state IN ('done','failed','cancelled')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'failed' OR failure <> ''),
    CHECK (file_key = '' OR state = 'done' AND file_until IS NOT NULL AND permission <> ''),
    CHECK (NOT (committed AND state = 'cancelled'))
);
CREATE INDEX tasks_staff ON tasks (staff_id, id);
CREATE INDEX tasks_subject ON tasks (subject_type, subject_id, id) WHERE subject_type <> '';
CREATE INDEX tasks_open ON tasks (id) WHERE state IN ('waiting','running');
CREATE INDEX tasks_files ON tasks (file_until) WHERE file_key <> '';

-- +goose Down
DROP TABLE tasks;
