package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// sealed is what the hash of an event covers: every column that tells something. Its fields stand in the order
// of eventFields.
type sealed struct {
	ID          int64
	At          time.Time
	ActorID     int64
	ActorName   string
	Address     string
	SessionID   int64
	Action      string
	SubjectType string
	SubjectID   int64
	Reason      string
	Before      *string
	After       *string
}

const eventFields = `e.id, e.at, e.actor_id, e.actor_name, e.address, e.session_id, e.action, e.subject_type,
    e.subject_id, e.reason, CAST(e.before AS text), CAST(e.after AS text)`

// chain walks the events in order of id. The zero chain stands before the first event.
type chain struct {
	head [sha256.Size]byte
	sum  hash.Hash
}

// next moves the chain over an event: sha256 of the hash before it and the event's fields, each with its length,
// so that no two events have the same bytes.
func (c *chain) next(e *sealed) []byte {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	c.sum.Reset()
	c.sum.Write(c.head[:])
	c.number(e.ID)
	c.number(e.At.UnixMicro())
	c.number(e.ActorID)
	c.text(&e.ActorName)
	c.text(&e.Address)
	c.number(e.SessionID)
	c.text(&e.Action)
	c.text(&e.SubjectType)
	c.number(e.SubjectID)
	c.text(&e.Reason)
	c.text(e.Before)
	c.text(e.After)
	return c.sum.Sum(c.head[:0])
}

func (c *chain) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	c.sum.Write(b[:])
}

// text writes a length and the bytes; nothing at all has the length -1.
func (c *chain) text(s *string) {
	if s == nil {
		c.number(-1)
		return
	}
	c.number(int64(len(*s)))
	c.sum.Write([]byte(*s))
}
