package handlers

import (
	"errors"
	"net/url"
	"reflect"
	"testing"
	"time"

	"pagaduria/models"
)

type sample struct {
	Name    string    `form:"name"`
	Version int       `form:"version"`
	IDs     []int64   `form:"id"`
	All     bool      `form:"all"`
	Until   time.Time `form:"until"`
	Secret  string
}

func TestFormsFillTheirStruct(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sent string
		want       sample
		wrong      string // field that is refused
	}{
		{"everything", "name=+Ana+&version=3&id=1&id=2&all=on&until=2026-03-01",
			sample{Name: "Ana", Version: 3, IDs: []int64{1, 2}, All: true, Until: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, ""},
		{"nothing", "", sample{}, ""},
		{"a field without a tag stays", "Secret=x&secret=x", sample{}, ""},
		{"not a number", "version=three", sample{}, "version"},
		{"number too large", "id=92233720368547758070", sample{}, "id"},
		{"no such day", "until=2026-02-30", sample{}, "until"},
		{"zero byte", "name=a%00b", sample{}, "name"},
	} {
		values, err := url.ParseQuery(c.sent)
		if err != nil {
			t.Fatal(err)
		}
		var got sample
		err = decodeValues(values, &got)
		var refusal *models.Error
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.wrong != "" && (!errors.As(err, &refusal) || refusal.Fields[c.wrong] == ""):
			t.Errorf("%s: got %v, want a refusal of %s", c.name, err, c.wrong)
		case c.wrong == "" && !reflect.DeepEqual(got, c.want):
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func FuzzForms(f *testing.F) {
	f.Add("name=Ana&version=3&id=1&until=2026-03-01&all=on")
	f.Fuzz(func(t *testing.T, sent string) {
		values, err := url.ParseQuery(sent)
		if err != nil {
			return
		}
		var got sample
		if err := decodeValues(values, &got); err != nil && models.KindOf(err) != models.Invalid {
			t.Fatalf("got %v, want Invalid or nothing", err)
		}
	})
}
