package connections

import (
	"context"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// Float is what lies at a rail by our books.
type Float struct {
	Booked, InTransit, Free, Approved, Average models.Money
}

// Report is what the rail said lies there.
type Report struct {
	At        time.Time
	Reported  models.Money
	Expected  models.Money
	Note      string
	MakerName string
}

// TopUp is money sent to a rail.
type TopUp struct {
	ID        int64
	Amount    models.Money
	Reference string
	State     string // asked, booked, dropped
	MakerName string
	CreatedAt time.Time
	RequestID int64
}

// WaitingBatch is a batch that waits for float or for tomorrow.
type WaitingBatch struct {
	Batch models.Batch
	Short *models.Money
	Count int
	Total models.Money
}

// FundsPage is the money at a rail and the caps of a connection.
type FundsPage struct {
	layout.Page
	Connection models.Connection
	Float      Float
	Below      *models.Money // the threshold that the float is below
	Reports    []Report
	TopUps     []TopUp
	Waiting    []WaitingBatch
	Day        models.CapDay
	Typed      map[string]string // by form and field
	Errors     map[string]string
	Error      string
}

func (p FundsPage) mayFund() bool  { return p.May(models.PermFundsEdit) }
func (p FundsPage) mayRules() bool { return p.May(models.PermConnectionsEdit) }

// rules is what stands in a field of the watch over the float: what was typed, else what is set.
func (p FundsPage) rules(name string) string {
	if p.Error != "" {
		if typed, ok := p.Typed["rules."+name]; ok {
			return typed
		}
	}
	return p.Typed[name]
}

// TypedPesos is an amount as it is typed.
func TypedPesos(m models.Money) string { return pesos(m) }

var topUpLooks = map[string]ui.Look{
	"asked":   {Tone: "wait", Icon: "hourglass", Key: "float.state.asked"},
	"booked":  {Tone: "ok", Icon: "circle-check", Key: "float.state.booked"},
	"dropped": {Icon: "ban", Key: "float.state.dropped"},
}

// sums is the float in lines.
func (p FundsPage) sums(ctx context.Context) []ui.Sum {
	f := p.Float
	return []ui.Sum{
		{Label: i18n.T(ctx, "float.booked"), Value: i18n.Money(ctx, f.Booked)},
		{Label: i18n.T(ctx, "float.in_transit"), Value: i18n.Money(ctx, f.InTransit.Neg())},
		{Label: i18n.T(ctx, "float.free"), Value: i18n.Money(ctx, f.Free), Total: true},
		{Label: i18n.T(ctx, "float.approved"), Value: i18n.Money(ctx, f.Approved.Neg())},
		{Label: i18n.T(ctx, "float.left"), Value: i18n.Money(ctx, f.Free.Sub(f.Approved)), Total: true},
	}
}

// ParseScope reads a scope as the form has it: connection, payee, or network:<method>.
func ParseScope(s string) (models.CapScope, models.MethodKind) {
	scope, method, _ := strings.Cut(s, ":")
	return models.CapScope(scope), models.MethodKind(method)
}

func scopeName(ctx context.Context, c models.Cap) string {
	if c.Scope == models.CapNetwork {
		return i18n.T(ctx, ui.MethodKey(c.Method))
	}
	return i18n.T(ctx, "cap.scope."+string(c.Scope))
}

// CapName is a cap in words.
func CapName(ctx context.Context, c models.Cap) string {
	name := scopeName(ctx, c)
	if c.Amount != nil {
		name += ", " + i18n.Money(ctx, *c.Amount)
	}
	if c.Count != nil {
		name += ", " + i18n.N(ctx, "batches.payouts", *c.Count)
	}
	return name
}

func scopeOptions(ctx context.Context) []ui.Option {
	options := []ui.Option{{Value: "connection", Label: i18n.T(ctx, "cap.scope.connection")}, {Value: "payee", Label: i18n.T(ctx, "cap.scope.payee")}}
	for _, k := range models.MethodKinds {
		options = append(options, ui.Option{Value: "network:" + string(k), Label: i18n.T(ctx, ui.MethodKey(k))})
	}
	return options
}

// usedText is how much of a cap is used today.
func (p FundsPage) usedText(ctx context.Context, c models.Cap) string {
	u := p.Day.Connection
	switch c.Scope {
	case models.CapPayee:
		return i18n.T(ctx, "cap.each_payee")
	case models.CapNetwork:
		var ok bool
		if u, ok = p.Day.Networks[c.Method]; !ok {
			u.Total = models.Pesos(0)
		}
	}
	return i18n.T(ctx, "cap.used_line", "N", i18n.Number(ctx, int64(u.Count)), "Amount", i18n.Money(ctx, u.Total))
}

func difference(r Report) models.Money { return r.Reported.Sub(r.Expected) }
