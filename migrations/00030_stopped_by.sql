-- +goose Up
-- Who stopped a task, so that who asked for it is told when it was somebody else; 0 for nobody.
ALTER TABLE tasks ADD COLUMN stopped_by bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE tasks DROP COLUMN stopped_by;
