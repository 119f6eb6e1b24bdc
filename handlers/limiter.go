package handlers

import (
	"sync"
	"time"
)

// limiter counts requests of each key by the minute. It is for doors without an account, in each process of its own;
// what protects codes is counted in the database. The zero value is ready.
type limiter struct {
	mu     sync.Mutex
	minute time.Time
	counts map[string]int
}

// limiterKeys bounds what strangers can fill memory with within a minute.
const limiterKeys = 100_000

// allow counts a request of the key and answers whether it is among the most of this minute.
func (l *limiter) allow(key string, most int, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(l.minute) || l.counts == nil {
		l.minute, l.counts = minute, map[string]int{}
	}
	if _, known := l.counts[key]; !known && len(l.counts) >= limiterKeys {
		return false
	}
	l.counts[key]++
	return l.counts[key] <= most
}
