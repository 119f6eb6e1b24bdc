package ui

import "pagaduria/models"

// Look is how a state is shown everywhere: one tone, one icon, one word (a key of the catalogue).
type Look struct {
	Tone string // ok wait bad info hold, "" for neutral
	Icon string
	Key  string
}

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

// PayoutLook is PayoutStateBy for a payout whose cause is known: cash that the counter did not pay because the name was
// another one is a state of its own to people.
func PayoutLook(s models.PayoutState, k models.MethodKind, cause string) Look {
	if s == models.PayoutFailed && k.Cash() && cause == "name" {
		return Look{"bad", "id-badge-2", "state.payout.name_mismatch"}
	}
	return PayoutStateBy(s, k)
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
	"merged":     {"", "arrows-exchange", "state.verification.merged"},
}

// VerificationState is the look of a distributor's verification: unverified, verified, suspended, expired, merged.
func VerificationState[S ~string](s S) Look { return look(verificationLooks, string(s)) }

var commissionLooks = map[models.CommissionState]Look{
	models.CommissionPending:   {"", "hourglass", "state.commission.pending"},
	models.CommissionEligible:  {"info", "coin", "state.commission.eligible"},
	models.CommissionHeld:      {"hold", "hand-stop", "state.commission.held"},
	models.CommissionInBatch:   {"wait", "stack-2", "state.commission.in_batch"},
	models.CommissionPaid:      {"ok", "circle-check", "state.commission.paid"},
	models.CommissionFraud:     {"bad", "flag", "state.commission.fraud"},
	models.CommissionDuplicate: {"", "copy", "state.commission.duplicate"},
	models.CommissionRefunded:  {"", "arrow-back-up", "state.commission.refunded"},
	models.CommissionCancelled: {"", "ban", "state.commission.cancelled"},
}

// CommissionState is the look of a commission line.
func CommissionState(s models.CommissionState) Look { return look(commissionLooks, s) }

var verdictLooks = map[string]Look{
	"accepted":  {"ok", "check", "state.webhook.accepted"},
	"duplicate": {"", "copy", "state.webhook.duplicate"},
	"rejected":  {"bad", "circle-x", "state.webhook.rejected"},
}

// Verdict is the look of a notification: accepted, duplicate, rejected.
func Verdict[S ~string](s S) Look { return look(verdictLooks, string(s)) }

var orderLooks = map[string]Look{
	"created":            {"", "circle-dot", "state.order.created"},
	"confirmed":          {"", "check", "state.order.confirmed"},
	"guide_generated":    {"info", "receipt", "state.order.guide_generated"},
	"in_transit":         {"info", "truck-delivery", "state.order.in_transit"},
	"out_for_delivery":   {"info", "truck-delivery", "state.order.out_for_delivery"},
	"delivered":          {"ok", "package", "state.order.delivered"},
	"incident":           {"wait", "alert-triangle", "state.order.incident"},
	"returned_to_sender": {"hold", "arrow-back-up", "state.order.returned_to_sender"},
	"cancelled":          {"", "ban", "state.order.cancelled"},
	"failed":             {"", "credit-card-off", "state.order.failed"},
	"refunded":           {"hold", "receipt-refund", "state.order.refunded"},
}

// OrderState is the look of an order (models.OrderStatus).
func OrderState[S ~string](s S) Look { return look(orderLooks, string(s)) }

var trackingLooks = map[string]Look{
	"guide_generated":    {"info", "file-text", "state.tracking.guide_generated"},
	"picked_up":          {"info", "package", "state.tracking.picked_up"},
	"in_transit":         {"info", "truck-delivery", "state.tracking.in_transit"},
	"out_for_delivery":   {"info", "map-pin", "state.tracking.out_for_delivery"},
	"redelivery":         {"info", "refresh", "state.tracking.redelivery"},
	"incident":           {"wait", "alert-triangle", "state.tracking.incident"},
	"refused":            {"wait", "circle-x", "state.tracking.refused"},
	"delivered":          {"ok", "package", "state.tracking.delivered"},
	"cancelled":          {"", "ban", "state.tracking.cancelled"},
	"lost":               {"bad", "help-circle", "state.tracking.lost"},
	"returned_to_sender": {"hold", "arrow-back-up", "state.tracking.returned_to_sender"},
	"remitted":           {"ok", "cash-banknote", "state.tracking.remitted"},
	"ignored":            {"", "check", "state.tracking.ignored"},
	"unknown":            {"", "help-circle", "state.tracking.unknown"},
}

// TrackingState is the look of an event of a parcel (models.TrackingMeaning) or of the parcel (models.ShipmentState).
func TrackingState[S ~string](s S) Look { return look(trackingLooks, string(s)) }

var importLooks = map[models.ImportState]Look{
	models.ImportMapping:  {"wait", "columns-3", "state.import.mapping"},
	models.ImportChecking: {"info", "clock", "state.import.checking"},
	models.ImportPreview:  {"wait", "eye", "state.import.preview"},
	models.ImportApplying: {"info", "clock", "state.import.applying"},
	models.ImportApplied:  {"ok", "circle-check", "state.import.applied"},
	models.ImportFailed:   {"bad", "circle-x", "state.import.failed"},
	models.ImportDropped:  {"", "ban", "state.import.dropped"},
}

// ImportState is the look of an upload.
func ImportState(s models.ImportState) Look { return look(importLooks, s) }

var connectionLooks = map[string]Look{
	"live":   {"ok", "plug-connected", "state.connection.live"},
	"paused": {"wait", "player-pause", "state.connection.paused"},
}

// ConnectionState is the look of a rail connection: live or paused.
func ConnectionState[S ~string](s S) Look { return look(connectionLooks, string(s)) }

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
