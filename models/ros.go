package models

import "time"

// ROSState is where a report of a suspicious operation stands.
type ROSState string

// The states.
const (
	ROSDraft   ROSState = "draft"
	ROSFiled   ROSState = "filed"   // with the UIAF, under a number of SIREL
	ROSDropped ROSState = "dropped" // found not to be suspicious, with the reason
)

// ROSStates lists every state in the order pages show them.
var ROSStates = []ROSState{ROSDraft, ROSFiled, ROSDropped}

// ROS is a report of a suspicious operation (reporte de operación sospechosa). That one exists must not be known outside
// compliance.
type ROS struct {
	ID            int64
	DistributorID int64
	Operation     string
	Signals       string
	Minor         int64 // centavos
	From, To      time.Time
	State         ROSState
	SIREL         string
	FiledOn       *time.Time
	Outcome       string
	AuthorName    string
	DeciderName   string
	Version       int
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Code          string
	Name          string
	DocType       string
	DocNumber     string
}

// Amount is the money of the operation.
func (r ROS) Amount() Money { return Centavos(r.Minor) }

// rosLimit is how many characters a text of a report has at most.
const rosLimit = 8000

// Check refuses an incomplete draft, field by field; today is the Bogotá date.
func (r ROS) Check(today time.Time) error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	for field, text := range map[string]string{"operation": r.Operation, "signals": r.Signals} {
		if n := len([]rune(text)); n == 0 || n > rosLimit {
			_ = refusal.WithField(field, "ros.refused.text")
		}
	}
	if r.Minor < 0 {
		_ = refusal.WithField("amount", "form.amount_bad")
	}
	if r.From.IsZero() || r.To.Before(r.From) || r.To.After(today) {
		_ = refusal.WithField("from", "ros.refused.period")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}
