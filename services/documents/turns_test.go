package documents

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOnlyAFewFilesAreInMemoryAtOnce(t *testing.T) {
	t.Parallel()
	var s turns
	var wait sync.WaitGroup
	var now, most atomic.Int32
	for range 200 {
		wait.Go(func() {
			done, err := s.take(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
		})
	}
	wait.Wait()
	if n := most.Load(); n > atOnce {
		t.Errorf("%d at once", n)
	}
	for range atOnce {
		if _, err := s.take(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up had a turn: %v", err)
	}
}
