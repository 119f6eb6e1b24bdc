-- +goose Up
-- How many items of a batch carry each flag, kept with what stands out; flag '' is whoever carries any.
CREATE TABLE batch_flags (
    batch_id bigint  NOT NULL REFERENCES batches,
    flag     text    NOT NULL,
    items    integer NOT NULL,
    total    bigint  NOT NULL,
    PRIMARY KEY (batch_id, flag)
);
INSERT INTO batch_flags (batch_id, flag, items, total)
SELECT batch_id, '', count(*), sum(amount) FROM payout_findings GROUP BY batch_id
UNION ALL SELECT batch_id, flag, count(*), sum(amount) FROM payout_findings, unnest(flags) AS flag GROUP BY batch_id, flag;

-- Where a batch differs from the one it is compared with, each part in the order pages show it.
CREATE TABLE batch_differences (
    batch_id  bigint  NOT NULL,
    part      text    NOT NULL CHECK (part IN ('added','missing','changed')),
    place     integer NOT NULL,                    -- from 1
    payout_id bigint  NOT NULL REFERENCES payouts, -- of the earlier batch where it is missing in this one
    before    bigint  NOT NULL,                    -- the payee's amount in the earlier batch, 0 without
    PRIMARY KEY (batch_id, part, place)
);
INSERT INTO batch_differences (batch_id, part, place, payout_id, before)
SELECT batch_id, part, row_number() OVER (PARTITION BY batch_id, part ORDER BY abs(now - before) DESC, payout_id), payout_id, before
FROM batch_comparisons c CROSS JOIN LATERAL (
    SELECT CASE WHEN o.id IS NULL THEN 'added' WHEN n.id IS NULL THEN 'missing' ELSE 'changed' END AS part, COALESCE(n.id, o.id) AS payout_id,
        COALESCE(n.amount, 0) AS now, COALESCE(o.amount, 0) AS before
    FROM (SELECT id, distributor_id, amount FROM payouts WHERE batch_id = c.batch_id AND removed_reason = '') n
    FULL JOIN (SELECT id, distributor_id, amount FROM payouts WHERE batch_id = c.previous_id AND removed_reason = '') o USING (distributor_id)
    WHERE n.id IS NULL OR o.id IS NULL OR 2 * abs(n.amount - o.amount) >= o.amount) d;

-- +goose Down
DROP TABLE batch_differences, batch_flags;
