package urls

import (
	"net/url"
	"slices"
)

// The paths of batches.
const (
	BatchesPattern         = NavBatches
	NewBatchPattern        = "/batches/new"
	NewBatchFilePattern    = "/batches/new.csv"
	BatchPattern           = "/batches/:id"
	SubmitBatchPattern     = "/batches/:id/submit"
	ApproveBatchPattern    = "/batches/:id/approve"
	ReturnBatchPattern     = "/batches/:id/return"
	RejectBatchPattern     = "/batches/:id/reject"
	RecallBatchPattern     = "/batches/:id/recall"
	RemoveBatchItemPattern = "/batches/:id/payouts/:payout/remove"
	BatchProgressPattern   = "/batches/:id/progress"
	DecideBatchesPattern   = "/batches/decide"
	BatchItemPattern       = "/batches/:id/payouts/:payout"
	RemoveItemsPattern     = "/batches/:id/remove"
	UndoBatchPattern       = "/batches/:id/undo"
	TakeBackBatchPattern   = "/batches/:id/take-back"
)

// Batches is the list of batches.
func Batches() string { return NavBatches }

// BatchesIn is the list of batches in one state.
func BatchesIn(state string) string { return NavBatches + "?state=" + url.QueryEscape(state) }

// DecideBatches is where several batches are decided on together.
func DecideBatches() string { return DecideBatchesPattern }

// DecideAllBatches asks about every batch that needs the reader.
func DecideAllBatches() string { return DecideBatchesPattern + "?all=1" }

// NewBatch is the composer.
func NewBatch() string { return NewBatchPattern }

// NewBatchWith is the composer with what it is filled with.
func NewBatchWith(query url.Values) string { return withQuery(NewBatchPattern, query) }

// NewBatchFor is the composer narrowed to one distributor.
func NewBatchFor(distributorID int64) string {
	return NewBatchPattern + "?distributor=" + Num(distributorID)
}

// NewBatchFile is the preview of the composer as CSV.
func NewBatchFile(query url.Values) string { return withQuery(NewBatchFilePattern, query) }

// Batch is the page where a batch is reviewed.
func Batch(id int64) string { return "/batches/" + Num(id) }

// BatchItems is one part of a batch's items: outliers, all or removed.
func BatchItems(id int64, tab string, page int) string {
	u := Batch(id) + "?tab=" + url.QueryEscape(tab)
	if page > 0 {
		u += "&page=" + Num(int64(page))
	}
	return u
}

// BatchFlagged are the outliers of a batch with one flag.
func BatchFlagged(id int64, flag string, page int) string {
	u := BatchItems(id, "outliers", page)
	if flag != "" {
		u += "&flag=" + url.QueryEscape(flag)
	}
	return u
}

// BatchItem is one payout of a batch with the trail behind it.
func BatchItem(id, payout int64) string { return Batch(id) + "/payouts/" + Num(payout) }

// RemoveItems is where ticked payouts are taken out of a batch.
func RemoveItems(id int64) string { return Batch(id) + "/remove" }

// SubmitBatch is where a draft is handed to the checkers.
func SubmitBatch(id int64) string { return Batch(id) + "/submit" }

// ApproveBatch is where an approval is posted.
func ApproveBatch(id int64) string { return Batch(id) + "/approve" }

// ReturnBatch is where a batch goes back to its maker.
func ReturnBatch(id int64) string { return Batch(id) + "/return" }

// RejectBatch is where a batch is rejected.
func RejectBatch(id int64) string { return Batch(id) + "/reject" }

// RecallBatch is where a batch is taken back.
func RecallBatch(id int64) string { return Batch(id) + "/recall" }

// RemoveBatchItem is where one payout is taken out of a batch.
func RemoveBatchItem(id, payout int64) string {
	return Batch(id) + "/payouts/" + Num(payout) + "/remove"
}

// BatchProgress is the live part of a batch that is being sent.
func BatchProgress(id int64) string { return Batch(id) + "/progress" }

// UndoBatch is where an approval is undone before hand-over.
func UndoBatch(id int64) string { return Batch(id) + "/undo" }

// TakeBackBatch is where the rest of a batch that is being handed over is taken back.
func TakeBackBatch(id int64) string { return Batch(id) + "/take-back" }

// WithAdded returns query with one more value of a repeated parameter.
func WithAdded(query url.Values, name, value string) url.Values {
	q := clone(query)
	if !slices.Contains(q[name], value) {
		q[name] = append(slices.Clip(q[name]), value)
	}
	return q
}

// WithoutValue returns query without one value of a repeated parameter.
func WithoutValue(query url.Values, name, value string) url.Values {
	q := clone(query)
	q[name] = slices.DeleteFunc(slices.Clone(q[name]), func(v string) bool { return v == value })
	if len(q[name]) == 0 {
		q.Del(name)
	}
	return q
}

func clone(query url.Values) url.Values {
	q := make(url.Values, len(query)+1)
	for k, v := range query {
		q[k] = v
	}
	return q
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
