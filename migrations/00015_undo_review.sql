-- +goose Up
-- An approval can be undone until hand-over begins. Its seal counts how often that happened, so that no approval given
-- before an undo counts for the same content after it.
ALTER TABLE batches
    ADD COLUMN hand_over_at timestamptz,                    -- when hand-over may begin; null is at once
    ADD COLUMN undone       integer NOT NULL DEFAULT 0;

-- A batch of which anything was handed over stays approved; one that was not goes back to approval under a new seal, with
-- every payout.
-- +goose StatementBegin
CREATE FUNCTION guard_undo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('approved','dispatching','done') OR NEW.state IN ('approved','dispatching','done') THEN
        IF OLD.state IN ('dispatching','done') AND NEW.state = 'approved' THEN
            RAISE EXCEPTION 'hand-over of batch % began', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'approved' OR NEW.state <> 'in_approval' OR NEW.content_hash IS NOT DISTINCT FROM OLD.content_hash
        OR EXISTS (SELECT 1 FROM payouts WHERE batch_id = NEW.id AND state NOT IN ('in_batch','cancelled')) THEN
        RAISE EXCEPTION 'the approval of batch % cannot be undone', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER batches_undo_guard BEFORE UPDATE OF state ON batches FOR EACH ROW EXECUTE FUNCTION guard_undo();

-- +goose Down
DROP TRIGGER batches_undo_guard ON batches;
DROP FUNCTION guard_undo;
ALTER TABLE batches DROP COLUMN hand_over_at, DROP COLUMN undone;
