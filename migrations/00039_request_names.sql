-- +goose Up
-- What a request concerns as people call it, as it was called when it was asked for: a list needs no look into the areas.
ALTER TABLE requests ADD COLUMN subject_name text NOT NULL DEFAULT '';
UPDATE requests r SET subject_name = COALESCE(NULLIF(d.business_name, ''), trim(d.given_names || ' ' || d.surnames)) FROM distributors d
 WHERE r.subject_type = 'distributor' AND d.id = r.subject_id AND r.state = 'open';

-- +goose Down
ALTER TABLE requests DROP COLUMN subject_name;
