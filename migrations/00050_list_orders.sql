-- +goose Up
-- What is payable is added up by payee without a look at the lines themselves: the composer and the sums of lists.
CREATE INDEX commission_lines_payable ON commission_lines (distributor_id, id) INCLUDE (amount, created_at, period, order_number) WHERE state = 'eligible';

-- Which payouts carried a line is answered by the index alone.
DROP INDEX payout_lines_line;
CREATE INDEX payout_lines_line ON payout_lines (line_id, payout_id);

-- Lists by amount.
CREATE INDEX payouts_amount ON payouts (amount, id);
CREATE INDEX commission_lines_amount ON commission_lines (amount, id);
CREATE INDEX batches_total ON batches (total, id);

-- +goose Down
DROP INDEX batches_total;
DROP INDEX commission_lines_amount;
DROP INDEX payouts_amount;
DROP INDEX payout_lines_line;
CREATE INDEX payout_lines_line ON payout_lines (line_id);
DROP INDEX commission_lines_payable;
