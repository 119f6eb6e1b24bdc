-- +goose Up
-- What takes back from payees and waits to be taken off: whoever owes has one.
CREATE INDEX commission_lines_back ON commission_lines (distributor_id, created_at) INCLUDE (amount) WHERE amount < 0 AND state = 'eligible';

-- +goose Down
DROP INDEX commission_lines_back;
