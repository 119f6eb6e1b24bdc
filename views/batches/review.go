package batches

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ReviewItem is a payout of a batch with what makes it stand out.
type ReviewItem struct {
	ID            int64
	Code          string
	DistributorID int64
	PayeeName     string
	DocType       string
	DocNumber     string
	Method        models.MethodKind
	BankCode      string
	Account       string
	Amount        models.Money
	Fees          models.Money
	State         models.PayoutState
	RemovedReason string
	RemovedBy     string
	RemovedAt     *time.Time
	Lines         int64
	Flags         []string
	Median        models.Money
	BeforeKind    models.MethodKind
	BeforeBank    string
	BeforeAccount string
	SharedWith    int
	TwinID        int64
	TwinBy        string
	TwinName      string
	Before        models.Money
}

// Decided is one decision taken on the batch.
type Decided struct {
	StaffName string
	Decision  models.Decision
	Reason    string
	At        time.Time
	Current   bool
	Step      int
	ForName   string // in whose stead
}

// StateSum is how many payouts of the batch stand in one state.
type StateSum struct {
	State models.PayoutState
	Count int64
	Total models.Money
}

// Progress is the live part of a batch that is being sent.
type Progress struct {
	Batch  models.Batch
	States []StateSum
	Live   bool
	CSRF   string
	Now    time.Time
	Paused string // the connection's name while it sends nothing
	// MayUndo offers to undo the approval, Left to take back what was not handed over yet.
	MayUndo   bool
	Left      int64
	LeftTotal models.Money
}

// Count is how many payouts are in any of the states.
func (p Progress) Count(states ...models.PayoutState) (n int64) {
	for _, s := range p.States {
		for _, want := range states {
			if s.State == want {
				n += s.Count
			}
		}
	}
	return n
}

// Sent is how many payouts were handed to the rail or need not be any more.
func (p Progress) Sent() (n int64) {
	for _, s := range p.States {
		if s.State != models.PayoutInBatch && s.State != models.PayoutApproved {
			n += s.Count
		}
	}
	return n
}

// Sending answers whether payouts still wait to be handed over, so that the bar goes on asking.
func (p Progress) Sending() bool { return p.Live && p.Count(models.PayoutApproved) > 0 }

// shape is the bar of the progress: paid, under way, not paid, in thousandths.
func (p Progress) shape() []bar {
	all := int64(p.Batch.Items)
	if all == 0 {
		return nil
	}
	paid := p.Count(models.PayoutPaid)
	bad := p.Count(models.PayoutFailed, models.PayoutExpired, models.PayoutReturned, models.PayoutCancelled)
	way := p.Count(models.PayoutSubmitting, models.PayoutUnknown, models.PayoutSent, models.PayoutAvailable, models.PayoutOnHold)
	return bars([]int64{way, paid, bad}, all)
}

// bar is one piece of a bar of 1000 units.
type bar struct {
	Class    string
	X, Width string
}

// bars lays parts side by side, in proportion to all.
func bars(parts []int64, all int64) []bar {
	var list []bar
	var from int64
	var sum int64
	for i, part := range parts {
		sum += part
		to := sum * 1000 / all
		if to > from {
			list = append(list, bar{swatch(i), strconv.FormatInt(from, 10), strconv.FormatInt(to-from, 10)})
		}
		from = to
	}
	return list
}

// splitBars is the bar of the networks' parts.
func splitBars(splits []Split) []bar {
	var all int64
	parts := make([]int64, len(splits))
	for i, s := range splits {
		parts[i] = s.Total.Minor
		all += s.Total.Minor
	}
	if all == 0 {
		return nil
	}
	return bars(parts, all)
}

// swatch is the colour of the i-th network: there are as many as methods.
func swatch(i int) string { return "f" + strconv.Itoa(i%6+1) }

// share is a part of the total in basis points.
func share(part, all models.Money) int64 {
	if all.Minor < 100 {
		return 0
	}
	// The nearest basis point; the whole pesos keep the product within 64 bits.
	return (part.Minor/100*10_000 + all.Minor/200) / (all.Minor / 100)
}

// ShowPage is the review of one batch.
type ShowPage struct {
	layout.Page
	Batch      models.Batch
	Maker      string
	Editor     string
	Connection models.Connection
	Previous   *models.Batch
	Before     map[models.MethodKind]int // payouts of the previous batch by network
	Splits     []Split
	Compared   Comparison
	Tab        string // outliers, all, removed, added, missing, changed
	Flag       string // of the outliers, "" is all of them
	PageNo     int
	More       bool
	Items      []ReviewItem
	Counts     Counts
	Decisions  []Decided
	Judged     Judged
	Events     []ui.LogEntry
	Progress   Progress
	WhyNot     string // why this person may not decide, "" when they may
	WhyNotBold string
	MayDecide  bool // return or reject
	MayApprove bool // and approve the step that waits
	MayEdit    bool
	MayRecall  bool
	MaySubmit  bool
	Waits      []string // what approved payouts wait for
	Switches   []string // payouts that go another way than those they take the place of, and why
	Problem    string   // why the last try did nothing
	CodeError  string
	DemoCode   string
	Passkey    bool // may be given in place of a code
}

// Counts is how many items each part has.
type Counts struct {
	Outliers      int64
	OutliersTotal models.Money
	Removed       int64
	Flags         map[string]int64
}

// cost is what the batch costs on top of what the payees get.
func (p ShowPage) cost() models.Cost {
	sum := models.NoCost()
	for _, s := range p.Splits {
		sum = sum.Plus(s.Cost)
	}
	return sum
}

// Sealed is the seal in full.
func (p ShowPage) Sealed() string { return hex.EncodeToString(p.Batch.ContentHash) }

// Short is the seal as people compare it.
func (p ShowPage) Short() string {
	s := p.Sealed()
	if len(s) < 12 {
		return s
	}
	return s[:4] + " " + s[4:8] + " … " + s[len(s)-4:]
}

// Seen are the hidden fields that say what was on the screen.
func Seen(b models.Batch) []ui.Pair {
	return []ui.Pair{{Name: "version", Value: strconv.Itoa(b.Version)}, {Name: "seal", Value: hex.EncodeToString(b.ContentHash)}}
}

// change is how the total compares with the previous batch.
func (p ShowPage) change(ctx context.Context) (icon, text string) {
	if p.Previous == nil || !p.Previous.Total.Positive() {
		return "", ""
	}
	before := *p.Previous
	args := []any{"Code", before.Code, "Amount", i18n.Money(ctx, before.Total), "N", i18n.Number(ctx, int64(before.Items))}
	diff := p.Batch.Total.Sub(before.Total)
	points := share(models.Money{Minor: abs(diff.Minor), Currency: diff.Currency}, before.Total)
	args = append(args, "Percent", i18n.Percent(ctx, points))
	switch {
	case diff.Minor > 0:
		return "arrow-up", i18n.T(ctx, "batches.more_than", args...)
	case diff.Minor < 0:
		return "arrow-down", i18n.T(ctx, "batches.less_than", args...)
	}
	return "", i18n.T(ctx, "batches.same_as", args...)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// steps are the stages of the approval.
func (p ShowPage) steps(ctx context.Context) []ui.Step {
	b := p.Batch
	prepared := ui.Step{State: "done", Title: i18n.T(ctx, "batches.step.prepared"), Note: who(ctx, p.Maker, b.CreatedAt, p.Now)}
	hand := ui.Step{Title: i18n.T(ctx, "batches.step.hand_over"), Note: i18n.T(ctx, "batches.step.hand_over_note", "Name", p.Connection.Name)}
	switch b.State {
	case models.BatchDraft, models.BatchReturned:
		prepared.State = "now"
	case models.BatchApproved, models.BatchDispatching:
		hand.State = "now"
	case models.BatchDone:
		hand.State = "done"
	}
	return append(append([]ui.Step{prepared}, p.approvalSteps(ctx)...), hand)
}

func decidedNote(ctx context.Context, d *Decided, now time.Time) string {
	if d == nil {
		return ""
	}
	return who(ctx, d.StaffName, d.At, now)
}

func who(ctx context.Context, name string, at, now time.Time) string {
	return name + ", " + i18n.When(ctx, at, now)
}

// reasons are the usual ones for taking something out or sending it back.
func reasons(ctx context.Context) []ui.Option {
	keys := []string{"amount", "period", "duplicate", "account", "balance", "other"}
	options := make([]ui.Option, len(keys))
	for i, k := range keys {
		options[i] = ui.Option{Value: k, Label: ReasonText(ctx, k)}
	}
	return options
}

// ReasonText is a chosen reason in words, "" when it is not one of ours.
func ReasonText(ctx context.Context, key string) string {
	switch key {
	case "amount":
		return i18n.T(ctx, "batches.reason.amount")
	case "period":
		return i18n.T(ctx, "batches.reason.period")
	case "duplicate":
		return i18n.T(ctx, "batches.reason.duplicate")
	case "account":
		return i18n.T(ctx, "batches.reason.account")
	case "balance":
		return i18n.T(ctx, "batches.reason.balance")
	case "other":
		return i18n.T(ctx, "batches.reason.other")
	}
	return ""
}

// AskReason is the page, and on the batch the dialog, that returns, rejects, recalls or removes.
type AskReason struct {
	layout.Page
	Ask     ui.Ask
	Note    string // label of the words to write
	Hint    string
	Back    string
	Problem string
	Typed   string
	Chosen  string
}

// Question builds what a decision asks. what is return, reject, recall.
func Question(ctx context.Context, b models.Batch, what, maker, csrf string) AskReason {
	args := []any{"N", i18n.Number(ctx, int64(b.Items)), "Amount", i18n.Money(ctx, b.Total), "Name", maker}
	a := AskReason{Back: urls.Batch(b.ID)}
	a.Ask = ui.Ask{ID: what, CSRF: csrf, Hidden: Seen(b)}
	switch what {
	case "return":
		a.Ask.Title, a.Ask.Text = i18n.T(ctx, "batches.return.title", args...), i18n.T(ctx, "batches.return.text", args...)
		a.Ask.Action, a.Ask.Confirm, a.Ask.Icon = urls.ReturnBatch(b.ID), i18n.T(ctx, "batches.return.do"), "arrow-back-up"
		a.Note = i18n.T(ctx, "batches.return.note")
	case "reject":
		a.Ask.Title, a.Ask.Text = i18n.T(ctx, "batches.reject.title"), i18n.T(ctx, "batches.reject.text", args...)
		a.Ask.Action, a.Ask.Confirm, a.Ask.Icon, a.Ask.Danger = urls.RejectBatch(b.ID), i18n.N(ctx, "batches.reject.do", b.Items), "x", true
		a.Note, a.Hint = i18n.T(ctx, "batches.reject.note", args...), i18n.T(ctx, "batches.reject.hint")
	case "recall":
		a.Ask.Title, a.Ask.Text = i18n.T(ctx, "batches.recall.title"), i18n.T(ctx, "batches.recall.text", args...)
		a.Ask.Action, a.Ask.Confirm, a.Ask.Icon, a.Ask.Danger = urls.RecallBatch(b.ID), i18n.N(ctx, "batches.recall.do", b.Items), "ban", true
		a.Note = i18n.T(ctx, "batches.recall.note")
	}
	return a
}

// RemoveQuestion asks before one payout is taken out.
func RemoveQuestion(ctx context.Context, b models.Batch, payout int64, name string, amount models.Money, csrf string) AskReason {
	args := []any{"Name", name, "Amount", i18n.Money(ctx, amount)}
	return AskReason{Back: urls.Batch(b.ID), Note: i18n.T(ctx, "batches.remove.note"), Ask: ui.Ask{
		ID: "remove", CSRF: csrf, Hidden: Seen(b), Title: i18n.T(ctx, "batches.remove.title", args...), Text: i18n.T(ctx, "batches.remove.text", args...),
		Action: urls.RemoveBatchItem(b.ID, payout), Confirm: i18n.T(ctx, "batches.remove.do", args...), Icon: "x", Danger: true}}
}
