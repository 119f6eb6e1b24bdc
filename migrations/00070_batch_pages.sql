-- +goose Up
-- The few payouts of a batch that go another way are found without a look at the others.
CREATE INDEX payouts_switched ON payouts (batch_id, id) WHERE switch_reason <> '';

-- Batches of before their parts were kept have them too.
INSERT INTO batch_splits (batch_id, method_kind, items, total, fee, fee_iva, gmf)
SELECT batch_id, method_kind, count(*), sum(amount), sum(fee), sum(fee_iva), sum(gmf) FROM payouts WHERE removed_reason = '' GROUP BY batch_id, method_kind
ON CONFLICT DO NOTHING;

-- Neither of these lists is filtered or ordered by amount.
DROP INDEX batches_total;
DROP INDEX payouts_amount;

-- +goose Down
CREATE INDEX payouts_amount ON payouts (amount, id);
CREATE INDEX batches_total ON batches (total, id);
DROP INDEX payouts_switched;
