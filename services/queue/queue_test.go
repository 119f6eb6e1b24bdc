package queue_test

import (
	"context"
	"errors"
	"testing"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/services/queue"
	"pagaduria/services/store/storetest"
)

type greetArgs struct {
	Name string `json:"name"`
}

func (greetArgs) Kind() string { return "test.greet" }

func TestJobsComeAndGoWithTheirTransaction(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	refused := errors.New("refused")
	for _, c := range []struct {
		name string
		end  error
		want int
	}{{"rolled back", refused, 0}, {"committed", nil, 3}} {
		err := db.InTx(context.Background(), func(tx *gorm.DB) error {
			if err := queue.Insert(tx, greetArgs{"Ana"}, nil); err != nil {
				return err
			}
			many := []river.InsertManyParams{{Args: greetArgs{"Berta"}}, {Args: greetArgs{"Clara"}}}
			if err := queue.InsertMany(tx, many); err != nil {
				return err
			}
			return c.end
		})
		if !errors.Is(err, c.end) {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got int
		if err := db.Pool.QueryRow(context.Background(), "SELECT count(*) FROM river_job").Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: %d jobs, %v; want %d", c.name, got, err, c.want)
		}
	}
}

func TestOutsideATransactionIsRefused(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	if err := queue.Insert(db.Gorm, greetArgs{}, nil); err == nil {
		t.Error("got no error, want a refusal")
	}
}
