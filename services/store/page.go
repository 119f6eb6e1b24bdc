package store

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
)

// Page is one page of a list, newest row first. Newer and Older are cursors for the neighbouring
// pages, "" where there is none.
type Page[T any] struct {
	Rows  []T
	Newer string
	Older string
}

// Cursor is a place in a list ordered by (time, id), or by id alone when At is zero. The zero Cursor is
// the first page.
type Cursor struct {
	At    time.Time
	ID    int64
	Newer bool // the rows wanted are newer than the place, else older
}

// Bytes of an encoded cursor: which kind, microseconds since 1970, id.
const (
	cursorByID   = 1
	cursorByTime = 2
	cursorNewer  = 0x80
	cursorLength = 17
)

// String is the opaque form for a URL, "" for the first page.
func (c Cursor) String() string {
	if c.First() {
		return ""
	}
	b := make([]byte, cursorLength)
	b[0] = cursorByID
	if !c.At.IsZero() {
		b[0] = cursorByTime
		binary.BigEndian.PutUint64(b[1:], uint64(c.At.UnixMicro()))
	}
	if c.Newer {
		b[0] |= cursorNewer
	}
	binary.BigEndian.PutUint64(b[9:], uint64(c.ID))
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what String wrote; anything else is refused as Invalid.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != cursorLength {
		return Cursor{}, badCursor()
	}
	c := Cursor{ID: int64(binary.BigEndian.Uint64(b[9:])), Newer: b[0]&cursorNewer != 0}
	micros := int64(binary.BigEndian.Uint64(b[1:]))
	switch b[0] &^ cursorNewer {
	case cursorByID:
		if micros != 0 {
			return Cursor{}, badCursor()
		}
	case cursorByTime:
		c.At = time.UnixMicro(micros).UTC()
		if c.At.Year() < 1970 || c.At.Year() > 9999 {
			return Cursor{}, badCursor()
		}
	default:
		return Cursor{}, badCursor()
	}
	if c.ID <= 0 {
		return Cursor{}, badCursor()
	}
	return c, nil
}

func badCursor() error {
	return models.Refuse(models.Invalid, "error.bad_cursor", "This page of the list does not exist. Open the list again.", nil)
}

// First answers whether the cursor stands at the start of the list.
func (c Cursor) First() bool { return c.ID == 0 }

// Where is the condition that selects the rows beyond the cursor, on the columns named; at is "" for a
// list ordered by id alone. Its values are @cursor_at and @cursor_id: see Bind.
func (c Cursor) Where(at, id string) string {
	sign := "<"
	if c.Newer {
		sign = ">"
	}
	switch {
	case c.First():
		return "TRUE"
	case at == "":
		return id + " " + sign + " @cursor_id"
	default:
		return "(" + at + ", " + id + ") " + sign + " (@cursor_at, @cursor_id)"
	}
}

// Order is the order to read in: towards older rows, or towards newer ones (MakePage turns them round).
func (c Cursor) Order(at, id string) string {
	direction := " DESC"
	if c.Newer {
		direction = " ASC"
	}
	if at == "" {
		return id + direction
	}
	return at + direction + ", " + id + direction
}

// Bind adds the values of Where to the arguments of a statement.
func (c Cursor) Bind(args pgx.NamedArgs) pgx.NamedArgs {
	if !c.First() {
		args["cursor_at"], args["cursor_id"] = c.At, c.ID
	}
	return args
}

// MakePage cuts a page of size rows out of rows, which were read in the cursor's Order with LIMIT
// size+1; place answers where a row stands (At and ID).
func MakePage[T any](rows []T, size int, c Cursor, place func(T) Cursor) Page[T] {
	more := len(rows) > size
	if more {
		rows = rows[:size]
	}
	if c.Newer {
		slices.Reverse(rows)
	}
	p := Page[T]{Rows: rows}
	if len(rows) == 0 {
		return p
	}
	newest, oldest := place(rows[0]), place(rows[len(rows)-1])
	newest.Newer, oldest.Newer = true, false
	if c.Newer && more || !c.Newer && !c.First() {
		p.Newer = newest.String()
	}
	if !c.Newer && more || c.Newer {
		p.Older = oldest.String()
	}
	return p
}
