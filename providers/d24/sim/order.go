package sim

import (
	"container/heap"
	"strconv"
	"time"

	"pagaduria/models"
)

// The documented statuses.
const (
	Pending   = 0
	Completed = 1
	Cancelled = 2
	Rejected  = 3
	Delivered = 4
	OnHold    = 5
)

var statusWords = [...]string{"Pending", "Completed", "Canceled", "Rejected", "Delivered", "On hold"}

// Order is one accepted cashout, as GET /sim/orders shows it.
type Order struct {
	CashoutID  string       `json:"cashout_id"`
	ExternalID string       `json:"external_id"`
	Amount     models.Money `json:"-"`
	Pesos      int64        `json:"amount"`
	BankCode   string       `json:"bank_code"`
	DocType    string       `json:"document_type"`
	Document   string       `json:"document_id"`
	Name       string       `json:"beneficiary"`
	Status     int          `json:"cashout_status"`
	Code       string       `json:"rejection_code,omitempty"`
	Tries      int          `json:"tries"` // creates seen under this external_id, refused duplicates included
	CreatedAt  time.Time    `json:"created_at"`
	ChangedAt  time.Time    `json:"changed_at"`
}

// Cash answers whether the order is collected at a counter.
func (o Order) Cash() bool { return isCash(o.BankCode) }

// Word is the status in the rail's words.
func (o Order) Word() string { return statusWords[o.Status] }

func isCash(bankCode string) bool { return bankCode == "10003" || bankCode == "10006" }

// order is what the simulator keeps. Fields change only under Server.mu.
type order struct {
	id               int64
	ref              string
	amount           models.Money
	bank, docType    string
	doc, name        string
	notifyURL        string
	status           int
	code             string
	tries            int
	moves            int // counts changes of status, so that an event of an earlier status is known as stale
	created, changed time.Time
	magic            int       // the CCC of a magic amount, -1 for any other
	notices          FaultKind // what happens to its notifications
	withheld         *notice   // kept back until the next one went out
}

func (o *order) view() Order {
	return Order{
		CashoutID: strconv.FormatInt(o.id, 10), ExternalID: o.ref, Amount: o.amount, Pesos: pesos(o.amount),
		BankCode: o.bank, DocType: o.docType, Document: o.doc, Name: o.name, Status: o.status, Code: o.code,
		Tries: o.tries, CreatedAt: o.created, ChangedAt: o.changed,
	}
}

// pesos are whole: a create with centavos is refused.
func pesos(m models.Money) int64 {
	n, _ := m.Whole()
	return n
}

// step is what happens next to an order by itself.
type step struct {
	at     time.Time
	status int
	code   string
}

// next says what happens to the order by itself, and when; false when it stays as it is.
func (s *Server) next(o *order) (step, bool) {
	soon, later := o.changed.Add(s.opts.DeliverAfter), o.changed.Add(s.opts.CompleteAfter)
	switch o.status {
	case Pending:
		switch o.magic {
		case magicStaysPending:
			return step{}, false
		case magicCancelled:
			return step{at: soon, status: Cancelled}, true
		}
		return step{at: soon, status: Delivered}, true
	case Delivered:
		switch {
		case o.magic == magicStaysDelivered:
			return step{}, false
		case o.magic >= 800 && o.magic < 900 && o.magic != magicReversed:
			return step{at: later, status: Rejected, code: strconv.Itoa(o.magic)}, true
		case o.magic == magicPaid || o.magic == magicReversed || !isCash(o.bank):
			return step{at: later, status: Completed}, true
		}
		return step{at: o.created.Add(s.opts.Validity), status: Rejected, code: "809"}, true
	case Completed:
		if o.magic == magicReversed {
			return step{at: later, status: Rejected, code: "826"}, true
		}
	}
	return step{}, false
}

// move changes an order's status and does what follows from it: the teller's list, the balance, the journal, the
// notification and the next event. The caller holds s.mu.
func (s *Server) move(o *order, status int, code string, at time.Time) {
	before := o.status
	s.set(o, status, code, at)
	s.journal.moved(o)
	if status != OnHold && (before != OnHold || status != Pending) {
		s.notify(o)
	}
	s.schedule(o)
}

// set is move without what the outside sees.
func (s *Server) set(o *order, status int, code string, at time.Time) {
	s.unready(o)
	s.byState[o.status]--
	o.status, o.code, o.changed = status, code, at
	o.moves++
	s.byState[status]++
	switch status {
	case Cancelled, Rejected:
		s.spent = s.spent.Sub(o.amount)
	case Delivered:
		if isCash(o.bank) {
			s.ready[o.doc] = append(s.ready[o.doc], o)
		}
	}
}

func (s *Server) unready(o *order) {
	if o.status != Delivered || !isCash(o.bank) {
		return
	}
	waiting := s.ready[o.doc]
	for i, w := range waiting {
		if w == o {
			waiting = append(waiting[:i], waiting[i+1:]...)
			break
		}
	}
	if len(waiting) == 0 {
		delete(s.ready, o.doc)
		return
	}
	s.ready[o.doc] = waiting
}

// add takes in an order that was just created or read from the journal.
func (s *Server) add(o *order) {
	s.orders = append(s.orders, o)
	s.byRef[o.ref] = o
	s.byState[o.status]++
	s.spent = s.spent.Add(o.amount)
}

// find takes an external id or a cashout id.
func (s *Server) find(key string) *order {
	if o := s.byRef[key]; o != nil {
		return o
	}
	return s.findID(key)
}

func (s *Server) findID(key string) *order {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil || id < firstID || id-firstID >= int64(len(s.orders)) {
		return nil
	}
	return s.orders[id-firstID]
}

// event is a change, or a try to notify, that is due at a time.
type event struct {
	at     time.Time
	order  *order
	moves  int // the order's when the event was made
	step   step
	notice *notice // set: only this is to be sent
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push and Pop serve container/heap.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	(*e)[len(*e)-1] = event{}
	*e = (*e)[:len(*e)-1]
	return last
}

func (s *Server) schedule(o *order) {
	if next, ok := s.next(o); ok {
		heap.Push(&s.due, event{at: next.at, order: o, moves: o.moves, step: next})
	}
}

// runDue does what is due. Changes carry the time they were due at, not the time they were looked at.
func (s *Server) runDue() {
	now := s.opts.Now()
	for len(s.due) > 0 && !s.due[0].at.After(now) {
		e := heap.Pop(&s.due).(event)
		switch {
		case e.notice != nil:
			s.send(*e.notice)
		case e.moves == e.order.moves:
			s.move(e.order, e.step.status, e.step.code, e.at)
		}
	}
}
