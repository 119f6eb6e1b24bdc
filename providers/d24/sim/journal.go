package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"pagaduria/models"
)

// journal is an append-only file of orders and their changes, one JSON object a line. Each line is written at once
// and not synced: it outlives the process, not the machine. A nil journal keeps nothing.
type journal struct{ file *os.File }

// entry is one line: an order when Ref is set, else a change of the order with this ID.
type entry struct {
	ID      int64     `json:"id"`
	Ref     string    `json:"ref,omitempty"`
	Pesos   int64     `json:"amount,omitempty"`
	Bank    string    `json:"bank,omitempty"`
	DocType string    `json:"doc_type,omitempty"`
	Doc     string    `json:"doc,omitempty"`
	Name    string    `json:"name,omitempty"`
	Notify  string    `json:"notify,omitempty"`
	Status  int       `json:"status"`
	Code    string    `json:"code,omitempty"`
	At      time.Time `json:"at"`
}

func (j *journal) created(o *order) {
	j.write(entry{
		ID: o.id, Ref: o.ref, Pesos: pesos(o.amount), Bank: o.bank, DocType: o.docType, Doc: o.doc, Name: o.name,
		Notify: o.notifyURL, Status: o.status, At: o.created,
	})
}

func (j *journal) moved(o *order) {
	j.write(entry{ID: o.id, Status: o.status, Code: o.code, At: o.changed})
}

func (j *journal) write(e entry) {
	if j == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err != nil {
		slog.Error("sandbox journal", "err", err)
	}
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

// reopen reads the journal back and goes on writing behind its last whole line.
func (s *Server) reopen(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	whole, err := s.replay(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	for _, o := range s.orders {
		s.schedule(o)
	}
	s.journal = &journal{file: f}
	return nil
}

// replay takes in all whole lines and returns where the last one ends.
func (s *Server) replay(f io.Reader) (whole int64, err error) {
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil // a line without its end was cut off by a crash
		}
		if err != nil {
			return whole, err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return whole, fmt.Errorf("byte %d: %w", whole, err)
		}
		if err := s.replayed(e); err != nil {
			return whole, fmt.Errorf("byte %d: %w", whole, err)
		}
		whole += int64(len(line))
	}
}

func (s *Server) replayed(e entry) error {
	if e.Ref == "" {
		if e.ID < firstID || e.ID-firstID >= int64(len(s.orders)) || e.Status < Pending || e.Status > OnHold {
			return fmt.Errorf("change of the unknown order %d to status %d", e.ID, e.Status)
		}
		s.set(s.orders[e.ID-firstID], e.Status, e.Code, e.At)
		return nil
	}
	if e.ID != firstID+int64(len(s.orders)) {
		return fmt.Errorf("order %d out of turn", e.ID)
	}
	amount := models.Pesos(e.Pesos)
	s.add(&order{
		id: e.ID, ref: e.Ref, amount: amount, bank: e.Bank, docType: e.DocType, doc: e.Doc, name: e.Name,
		notifyURL: e.Notify, status: e.Status, tries: 1, created: e.At, changed: e.At, magic: magicOf(amount),
	})
	return nil
}
