package store_test

import (
	"testing"
	"time"

	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

func TestEachRaw(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	rows := 0
	err := store.EachRaw(t.Context(), db.Pool, func(r store.Raw) error {
		rows++
		if string(r[0]) != "niño" || r.Int(1) != -7 || !r.Time(2).Equal(time.Date(1999, 12, 31, 23, 59, 59, 5000, time.UTC)) || !r.Null(3) || r.Moment(3) != nil {
			t.Errorf("got %q", r)
		}
		return nil
	}, `SELECT 'niño'::text, $1::bigint, '1999-12-31 23:59:59.000005Z'::timestamptz, NULL::timestamptz FROM generate_series(1, 3)`, int64(-7))
	if err != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
	err = store.EachRaw(t.Context(), db.Pool, func(store.Raw) error { return nil }, `SELECT 1.5::numeric`)
	if err == nil {
		t.Error("a numeric was taken for something that Raw can read")
	}
}
