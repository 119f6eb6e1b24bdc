package payouts

import (
	"sync"
	"time"
)

// talliesFor is how long the numbers above the list of payouts are shown again before they are read anew.
const talliesFor = time.Second

// recentTallies keeps running sums that every visit of a list shows, so that a busy list reads its rows alone. The
// map handed out is shared: nobody writes to it.
type recentTallies struct {
	mu   sync.Mutex
	read map[string]tallyAt
}

type tallyAt struct {
	at   time.Time // by this machine's monotonic clock
	sums map[string]Sum
}

func (r *recentTallies) get(list string, read func() (map[string]Sum, error)) (map[string]Sum, error) {
	r.mu.Lock()
	known, ok := r.read[list]
	r.mu.Unlock()
	if ok && time.Since(known.at) < talliesFor {
		return known.sums, nil
	}
	at := time.Now()
	sums, err := read()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read == nil {
		r.read = map[string]tallyAt{}
	}
	r.read[list] = tallyAt{at, sums}
	return sums, nil
}
