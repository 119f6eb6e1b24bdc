package models

// BatchState is where a batch stands on its way from draft to done.
type BatchState string

// The states of a batch. Words as in the catalogues and in SQL.
const (
	BatchDraft       BatchState = "draft"
	BatchInApproval  BatchState = "in_approval"
	BatchReturned    BatchState = "returned" // back with the maker
	BatchBlocked     BatchState = "blocked"  // nobody may approve it
	BatchApproved    BatchState = "approved"
	BatchDispatching BatchState = "dispatching"
	BatchDone        BatchState = "done"
	BatchRejected    BatchState = "rejected"
	BatchExpired     BatchState = "expired"
	BatchRecalled    BatchState = "recalled" // taken back by its maker
)

// BatchStates lists every state in the order pages show them.
var BatchStates = []BatchState{BatchDraft, BatchInApproval, BatchReturned, BatchBlocked, BatchApproved,
	BatchDispatching, BatchDone, BatchRejected, BatchExpired, BatchRecalled}
