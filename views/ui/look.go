package ui

import "pagaduria/models"

// Look is how a state is shown everywhere: one tone, one icon, one word (a key of the catalogue).
type Look struct {
	Tone string // ok wait bad info hold, "" for neutral
	Icon string
	Key  string
}

// class is the chip's class list.
func (l Look) class() string { return "chip" + toneClass[l.Tone] }

var toneClass = map[string]string{
	"ok": " chip-ok", "wait": " chip-wait", "bad": " chip-bad", "info": " chip-info", "hold": " chip-hold",
}

var payoutLooks = map[models.PayoutState]Look{
	models.PayoutInBatch:    {"wait", "hourglass", "state.payout.in_batch"},
	models.PayoutApproved:   {"info", "check", "state.payout.approved"},
	models.PayoutSubmitting: {"info", "send", "state.payout.submitting"},
	models.PayoutUnknown:    {"hold", "help-circle", "state.payout.unknown"},
	models.PayoutSent:       {"info", "send", "state.payout.sent"},
	models.PayoutAvailable:  {"info", "clock", "state.payout.available"},
	models.PayoutPaid:       {"ok", "circle-check", "state.payout.paid"},
	models.PayoutFailed:     {"bad", "circle-x", "state.payout.failed"},
	models.PayoutExpired:    {"wait", "clock-x", "state.payout.expired"},
	models.PayoutReturned:   {"hold", "arrow-back-up", "state.payout.returned"},
	models.PayoutCancelled:  {"", "ban", "state.payout.cancelled"},
	models.PayoutOnHold:     {"hold", "hand-stop", "state.payout.on_hold"},
}

// PayoutState is the look of a payout whose way of paying is not known or does not matter.
func PayoutState(s models.PayoutState) Look { return look(payoutLooks, s) }

// CashPayoutState is the look of a payout at a counter, where paid is called collected.
func CashPayoutState(s models.PayoutState) Look {
	if s == models.PayoutPaid {
		return Look{"ok", "circle-check", "state.payout.collected"}
	}
	return look(payoutLooks, s)
}

// PayoutStateBy chooses between the two by the method.
func PayoutStateBy(s models.PayoutState, k models.MethodKind) Look {
	if k.Cash() {
		return CashPayoutState(s)
	}
	return PayoutState(s)
}

var batchLooks = map[models.BatchState]Look{
	models.BatchDraft:       {"", "pencil", "state.batch.draft"},
	models.BatchInApproval:  {"wait", "hourglass", "state.batch.in_approval"},
	models.BatchReturned:    {"hold", "arrow-back-up", "state.batch.returned"},
	models.BatchBlocked:     {"wait", "lock", "state.batch.blocked"},
	models.BatchApproved:    {"info", "check", "state.batch.approved"},
	models.BatchDispatching: {"info", "send", "state.batch.dispatching"},
	models.BatchDone:        {"ok", "circle-check", "state.batch.done"},
	models.BatchRejected:    {"bad", "circle-x", "state.batch.rejected"},
	models.BatchExpired:     {"wait", "clock-x", "state.batch.expired"},
	models.BatchRecalled:    {"", "ban", "state.batch.recalled"},
}

// BatchState is the look of a batch.
func BatchState(s models.BatchState) Look { return look(batchLooks, s) }

var verificationLooks = map[string]Look{
	"unverified": {"wait", "hourglass", "state.verification.unverified"},
	"verified":   {"ok", "shield-check", "state.verification.verified"},
	"suspended":  {"hold", "hand-stop", "state.verification.suspended"},
	"expired":    {"wait", "clock-x", "state.verification.expired"},
}

// VerificationState is the look of a distributor's verification: unverified, verified, suspended, expired.
func VerificationState[S ~string](s S) Look { return look(verificationLooks, string(s)) }

var commissionLooks = map[string]Look{
	"accrued":    {"", "coin", "state.commission.accrued"},
	"payable":    {"info", "coin", "state.commission.payable"},
	"held":       {"hold", "hand-stop", "state.commission.held"},
	"in_batch":   {"wait", "hourglass", "state.commission.in_batch"},
	"in_transit": {"info", "send", "state.commission.in_transit"},
	"paid":       {"ok", "circle-check", "state.commission.paid"},
	"carried":    {"wait", "history", "state.commission.carried"},
	"netted":     {"", "scale", "state.commission.netted"},
	"reversed":   {"", "arrow-back-up", "state.commission.reversed"},
	"on_hold":    {"hold", "hand-stop", "state.commission.held"},
}

// CommissionState is the look of a commission line: accrued, payable, held (or on_hold), in_batch,
// in_transit, paid, carried, netted, reversed.
func CommissionState[S ~string](s S) Look { return look(commissionLooks, string(s)) }

var verdictLooks = map[string]Look{
	"received":  {"info", "clock", "state.webhook.received"},
	"accepted":  {"ok", "check", "state.webhook.accepted"},
	"processed": {"ok", "circle-check", "state.webhook.processed"},
	"duplicate": {"", "copy", "state.webhook.duplicate"},
	"rejected":  {"bad", "circle-x", "state.webhook.rejected"},
	"failed":    {"bad", "circle-x", "state.webhook.failed"},
	"ignored":   {"", "ban", "state.webhook.ignored"},
}

// Verdict is the look of a notification: received, accepted, processed, duplicate, rejected, failed, ignored.
func Verdict[S ~string](s S) Look { return look(verdictLooks, string(s)) }

var orderLooks = map[string]Look{
	"open":       {"", "circle-dot", "state.order.open"},
	"created":    {"", "circle-dot", "state.order.created"},
	"pending":    {"wait", "hourglass", "state.order.pending"},
	"paid":       {"ok", "check", "state.order.paid"},
	"shipped":    {"info", "truck-delivery", "state.order.shipped"},
	"in_transit": {"info", "truck-delivery", "state.order.in_transit"},
	"delivered":  {"ok", "package", "state.order.delivered"},
	"returned":   {"hold", "arrow-back-up", "state.order.returned"},
	"refunded":   {"hold", "arrow-back-up", "state.order.refunded"},
	"cancelled":  {"", "ban", "state.order.cancelled"},
	"failed":     {"bad", "circle-x", "state.order.failed"},
	"lost":       {"bad", "alert-triangle", "state.order.lost"},
}

// OrderState is the look of an order or of its parcel.
func OrderState[S ~string](s S) Look { return look(orderLooks, string(s)) }

// look falls back to a neutral chip that shows the word of the database: visible, and wrong only in dress.
func look[S ~string](looks map[S]Look, s S) Look {
	if l, ok := looks[s]; ok {
		return l
	}
	return Look{"", "circle-dashed", string(s)}
}

// MethodIcon is the icon of a way of being paid.
func MethodIcon(k models.MethodKind) string {
	switch k {
	case models.EfectyCash, models.PuntoredCash:
		return "building-store"
	case models.BankAccount:
		return "building-bank"
	case models.BreB:
		return "bolt"
	}
	return "device-mobile"
}

// MethodKey is the catalogue key of a way of being paid, e.g. method.efecty_cash.
func MethodKey(k models.MethodKind) string { return methodKeys[k] }

var methodKeys = map[models.MethodKind]string{
	models.EfectyCash: "method.efecty_cash", models.PuntoredCash: "method.puntored_cash",
	models.BankAccount: "method.bank", models.Nequi: "method.nequi",
	models.Daviplata: "method.daviplata", models.BreB: "method.bre_b",
}
