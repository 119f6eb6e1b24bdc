// Package dossier is everything that is kept about one payee, as it is handed to an authority or to the payee.
package dossier

import (
	"encoding/json"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
)

// Dossier is what is handed out. Of a case it is what the case is decided on; of a person everything.
type Dossier struct {
	MadeAt    time.Time
	MadeBy    string
	Of        models.Distributor
	Methods   []models.PayoutMethod
	Cases     []Case
	Decisions []models.VerificationEvent
	Screening Screening
	Risk      *models.RiskDetail // nil in what the payee gets
	Documents []Document
	Paid      Paid
	Timeline  []models.AuditEvent // oldest first
}

// Case is one case with what was agreed to, declared and signed.
type Case struct {
	kyc.Detail
	Declared map[kyc.Item]json.RawMessage
	Trail    *kyc.Trail // nil in what the payee gets
}

// Screening is what the payee was compared with, and what was found.
type Screening struct {
	At    *time.Time // of the last comparison, nil when there was none
	Lists []models.ListVersion
	Hits  []Hit // none in what the payee gets
}

// Hit is a hit with what was decided on it.
type Hit struct {
	models.Hit
	Decisions []models.DecidedHit
}

// Document is one file that was sent.
type Document struct {
	ID       int64
	Kind     string
	Version  int
	Sender   string // of staff, "" for the payee
	SentAt   time.Time
	File     int64
	Position int
	Name     string // as it was sent
	Type     string
	Size     int64
	SHA256   string // of what was sent
	Parts    []Part
}

// Part is one stored piece of a file: the PDF as it came, or a page.
type Part struct {
	Page   int
	Path   string // in the archive
	SHA256 string
}

// Paid is the money that went to the payee.
type Paid struct {
	Count       int64
	Total       models.Money
	First, Last *time.Time
}

// Section is a part of the written summary: lines of a name and what is said, or of text alone.
type Section struct {
	Title string
	Lines [][2]string
}
