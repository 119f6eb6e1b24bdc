package batches

import (
	"context"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// handOver says when the payouts of an approved batch leave.
func (g Progress) handOver(ctx context.Context) string {
	switch {
	case g.Paused != "":
		return i18n.T(ctx, "review.hand_over.paused", "Name", g.Paused)
	case g.Batch.HandOverAt != nil && g.Batch.HandOverAt.After(g.Now):
		return i18n.T(ctx, "review.hand_over.at", "Time", i18n.ClockSeconds(*g.Batch.HandOverAt))
	}
	return i18n.T(ctx, "review.hand_over.now")
}

// TakeBackQuestion asks before what was not handed over yet is taken back.
func TakeBackQuestion(ctx context.Context, b models.Batch, left int64, total models.Money) AskReason {
	amount := i18n.Money(ctx, total)
	return AskReason{Back: urls.Batch(b.ID), Note: i18n.T(ctx, "batches.recall.note"), Ask: ui.Ask{ID: "take-back", Hidden: Seen(b),
		Title: i18n.N(ctx, "review.take_back.title", int(left)), Text: i18n.T(ctx, "review.take_back.text", "Amount", amount),
		Action: urls.TakeBackBatch(b.ID), Confirm: i18n.N(ctx, "review.take_back.do", int(left), "Amount", amount), Icon: "ban", Danger: true}}
}
