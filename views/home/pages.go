// Package home draws the first page: what needs somebody now.
package home

import (
	"time"

	"pagaduria/models"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// Batch is a batch that waits for somebody.
type Batch struct {
	models.Batch
	MakerName string
	Paid      int64
	Failed    int64
}

// Page is the home page.
type Page struct {
	layout.Page
	Greeting  string
	ForMe     []Batch
	ForOthers []Batch
	Requests  []models.Request // that wait for the reader
	Tiles     []ui.TileData
	Failed    string // request id when the numbers could not be read
}

// Calm answers whether nothing at all waits.
func (p Page) Calm() bool { return len(p.Tiles) == 0 && len(p.ForMe) == 0 && len(p.ForOthers) == 0 }

func code(b Batch) string {
	if b.Name == b.Code {
		return ""
	}
	return b.Code
}

// since is when the batch began to wait.
func since(b Batch) time.Time {
	switch {
	case b.State == models.BatchReturned && b.DecidedAt != nil:
		return *b.DecidedAt
	case b.SubmittedAt != nil:
		return *b.SubmittedAt
	}
	return b.CreatedAt
}

// waiting is how many batches the reader may decide on.
func (p Page) waiting() (n int) {
	for _, b := range p.ForMe {
		if b.State == models.BatchInApproval {
			n++
		}
	}
	return n
}
