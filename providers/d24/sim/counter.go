package sim

import (
	"cmp"
	"slices"
)

// The counter: what a teller does with cash that waits. Keys are external or cashout ids.

// Ready returns the cash that waits for this person, oldest first.
func (s *Server) Ready(document string) []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	var found []Order
	for _, o := range s.ready[document] {
		found = append(found, o.view())
	}
	slices.SortFunc(found, func(a, b Order) int { return cmp.Compare(a.CashoutID, b.CashoutID) })
	return found
}

// Waiting returns how many payouts wait at the counter, and up to limit of them.
func (s *Server) Waiting(limit int) (int, []Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	var some []Order
	n := 0
	for _, list := range s.ready {
		n += len(list)
		for _, o := range list {
			if len(some) < limit {
				some = append(some, o.view())
			}
		}
	}
	slices.SortFunc(some, func(a, b Order) int { return cmp.Compare(a.CashoutID, b.CashoutID) })
	return n, some
}

// Collect pays a waiting payout out.
func (s *Server) Collect(key string) error { return s.counter(key, Delivered, Completed, "") }

// Refuse turns the payee away with a rejection code: 805 document, 806 name, 808 other.
func (s *Server) Refuse(key, code string) error { return s.counter(key, Delivered, Rejected, code) }

// Expire lets a waiting payout run out now.
func (s *Server) Expire(key string) error { return s.counter(key, Delivered, Rejected, "809") }

// Reverse takes a paid payout back, cash or not.
func (s *Server) Reverse(key string) error { return s.counter(key, Completed, Rejected, "826") }

// CollectAll pays every waiting payout out and returns how many. The rail goes on answering meanwhile.
func (s *Server) CollectAll() int {
	n := 0
	for {
		paid := s.collectSome(500)
		if n += paid; paid == 0 {
			return n
		}
	}
}

func (s *Server) collectSome(limit int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	var some []*order
	for _, list := range s.ready {
		if some = append(some, list...); len(some) >= limit {
			break
		}
	}
	now := s.opts.Now()
	for _, o := range some {
		s.move(o, Completed, "", now)
	}
	return len(some)
}

// counter moves an order from one status to another, when it is there. Only cash is delivered to a counter.
func (s *Server) counter(key string, from, to int, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	o := s.find(key)
	if o == nil {
		return ErrNoOrder
	}
	if o.status != from || from == Delivered && !isCash(o.bank) {
		return ErrTooLate
	}
	s.move(o, to, code, s.opts.Now())
	return nil
}
