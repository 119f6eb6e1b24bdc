package onboarding

import (
	"context"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/documents"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
)

// PapersPage is the step of the documents.
type PapersPage struct {
	Page
	Cards []PaperCard
	Next  string // where it goes on
	Error string
}

// PaperCard is one document that is asked: what came, and the form to send it.
type PaperCard struct {
	kyc.CaseItem
	Given *models.Document // the version that counts, nil while there is none
	Sheet documents.Sheet
	Look  func(page int64) string // the address of a page's picture; nil for who may not see it
	Bad   bool                    // what was sent just now was refused
}

func (c PaperCard) kind() models.DocumentKind { return c.Item.DocumentKind() }

var paperLooks = map[kyc.ItemState]ui.Look{
	kyc.Missing:  {Icon: "circle-dashed", Key: "onboarding.paper.missing"},
	kyc.Given:    {Tone: "ok", Icon: "circle-check", Key: "onboarding.paper.given"},
	kyc.Accepted: {Tone: "ok", Icon: "circle-check", Key: "onboarding.paper.accepted"},
	kyc.Again:    {Tone: "bad", Icon: "circle-x", Key: "onboarding.paper.again"},
}

func (c PaperCard) look() ui.Look {
	switch {
	case c.InPerson:
		return ui.Look{Tone: "info", Icon: "user-check", Key: "onboarding.paper.in_person"}
	case c.State == kyc.Missing && !c.Required:
		return ui.Look{Icon: "circle-dashed", Key: "ui.optional"}
	}
	return paperLooks[c.State]
}

// shut answers whether the form to send it waits behind a summary: there is nothing to do about it.
func (c PaperCard) shut() bool { return c.Given != nil && c.State.Done() && !c.Bad }

// hint says what is asked of the document.
func (c PaperCard) hint(ctx context.Context) string {
	var said []string
	if c.Item.Card() {
		said = append(said, i18n.T(ctx, "onboarding.paper_card"))
	}
	if c.MaxAgeDays > 0 {
		said = append(said, i18n.T(ctx, "onboarding.paper_age", "Days", c.MaxAgeDays))
	}
	return strings.Join(said, " ")
}

// toSend are the documents that still have to be sent.
func (p PapersPage) toSend(ctx context.Context) string {
	var names []string
	for _, c := range p.Cards {
		if c.ToDo() {
			names = append(names, documents.KindWord(ctx, c.kind()))
		}
	}
	return strings.Join(names, ", ")
}

// counts are how many required documents are there, and how many are asked.
func (p PapersPage) counts() (missing, asked int) {
	for _, c := range p.Cards {
		if !c.Required || c.InPerson {
			continue
		}
		asked++
		if c.ToDo() {
			missing++
		}
	}
	return missing, asked
}

func (p PapersPage) lede(ctx context.Context) string {
	missing, asked := p.counts()
	if missing == 0 {
		return i18n.T(ctx, "onboarding.papers_done")
	}
	return i18n.T(ctx, "onboarding.papers_missing", "Missing", missing, "Asked", asked)
}

// paperLine writes a document that was given as one line of what was declared.
func paperLine(ctx context.Context, item kyc.Item, p kyc.Paper) [2]string {
	names := make([]string, len(p.Files))
	for i, f := range p.Files {
		names[i] = f.Name
	}
	return [2]string{documents.KindWord(ctx, item.DocumentKind()), strings.Join(names, ", ") + " · " + i18n.N(ctx, "onboarding.pages", p.Pages)}
}
