package models

// CapScope is what a cap bounds.
type CapScope string

// The scopes.
const (
	CapConnection CapScope = "connection" // everything that leaves over it
	CapNetwork    CapScope = "network"    // everything by one method
	CapPayee      CapScope = "payee"      // each payee for themselves
)

// CapScopes lists every scope in the order pages show them.
var CapScopes = []CapScope{CapConnection, CapNetwork, CapPayee}

// Cap is the most that may be handed over in a day of Bogotá: an amount, a number of payouts, or both.
type Cap struct {
	ID           int64
	ConnectionID int64
	Scope        CapScope
	Method       MethodKind // of a network
	Amount       *Money
	Count        *int
	Version      int
}

// Lifted answers whether it bounds nothing any more.
func (c Cap) Lifted() bool { return c.Amount == nil && c.Count == nil }

// RaisedBy answers whether next lets more through, which needs a second person.
func (c Cap) RaisedBy(next Cap) bool {
	return c.Amount != nil && (next.Amount == nil || next.Amount.Minor > c.Amount.Minor) || c.Count != nil && (next.Count == nil || *next.Count > *c.Count)
}

// Check refuses a cap that cannot be kept to, naming each field.
func (c Cap) Check() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	if c.Scope != CapConnection && c.Scope != CapNetwork && c.Scope != CapPayee || (c.Scope == CapNetwork) != c.Method.Valid() {
		refused.WithField("scope", "cap.field.scope_bad")
	}
	if c.Amount != nil && (!c.Amount.Positive() || c.Amount.Minor%minorPerUnit != 0) {
		refused.WithField("amount", "form.amount_bad")
	}
	if c.Count != nil && *c.Count < 1 {
		refused.WithField("count", "cap.field.count_bad")
	}
	if refused.Fields != nil {
		return refused
	}
	return nil
}

// Used is what was handed over already.
type Used struct {
	Total Money
	Count int
}

func (u Used) and(amount Money) Used { return Used{u.Total.Add(amount), u.Count + 1} }

// within answers whether the cap still holds after what was used.
func (c Cap) within(u Used) bool {
	return (c.Amount == nil || u.Total.Minor <= c.Amount.Minor) && (c.Count == nil || u.Count <= *c.Count)
}

// CapDay is the caps of a connection with what was handed over on one day.
type CapDay struct {
	Caps       []Cap
	Connection Used
	Networks   map[MethodKind]Used
	Payees     map[int64]Used
}

// NewCapDay is a day on which nothing was handed over.
func NewCapDay(caps []Cap) CapDay {
	return CapDay{Caps: caps, Connection: Used{Total: Pesos(0)}, Networks: map[MethodKind]Used{}, Payees: map[int64]Used{}}
}

func used[K comparable](m map[K]Used, k K) Used {
	if u, ok := m[k]; ok {
		return u
	}
	return Used{Total: Pesos(0)}
}

func (d CapDay) of(c Cap, method MethodKind, payee int64) (Used, bool) {
	switch c.Scope {
	case CapNetwork:
		return used(d.Networks, method), c.Method == method
	case CapPayee:
		return used(d.Payees, payee), true
	}
	return d.Connection, true
}

// Take counts a payout as handed over, or returns the first cap that it would exceed.
func (d *CapDay) Take(method MethodKind, payee int64, amount Money) *Cap {
	for i, c := range d.Caps {
		if u, applies := d.of(c, method, payee); applies && !c.within(u.and(amount)) {
			return &d.Caps[i]
		}
	}
	d.Count(method, payee, amount)
	return nil
}

// Count counts a payout that was handed over.
func (d *CapDay) Count(method MethodKind, payee int64, amount Money) {
	d.Connection = d.Connection.and(amount)
	d.Networks[method] = used(d.Networks, method).and(amount)
	d.Payees[payee] = used(d.Payees, payee).and(amount)
}

// Full lists the methods by which nothing more can be handed over.
func (d CapDay) Full() []MethodKind {
	full := []MethodKind{}
	for _, m := range MethodKinds {
		for _, c := range d.Caps {
			if u, applies := d.of(c, m, 0); c.Scope != CapPayee && applies && !c.within(u.and(Pesos(1))) {
				full = append(full, m)
				break
			}
		}
	}
	return full
}

// Never returns the cap that one payout alone exceeds, so that it could not be handed over on any day.
func Never(caps []Cap, method MethodKind, amount Money) *Cap {
	d := NewCapDay(caps)
	return d.Take(method, 0, amount)
}
