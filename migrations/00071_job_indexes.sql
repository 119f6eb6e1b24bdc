-- +goose Up
-- River makes these for those who look for jobs by their arguments. Nobody here does, and every job would pay for them
-- with more than its other indexes cost together.
DROP INDEX river_job_args_index;
DROP INDEX river_job_metadata_index;

-- +goose Down
CREATE INDEX river_job_args_index ON river_job USING GIN (args);
CREATE INDEX river_job_metadata_index ON river_job USING GIN (metadata);
