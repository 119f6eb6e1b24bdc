package handlers

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/documents"
	"pagaduria/services/onboarding"
	"pagaduria/services/vault"
	pages "pagaduria/views/documents"
	"pagaduria/views/i18n"
	casepages "pagaduria/views/kyc"
	view "pagaduria/views/onboarding"
	"pagaduria/views/urls"
)

// sentPaper is a document that was sent and refused: its fields say why, and what has arrived.
type sentPaper struct {
	item   kyc.Item
	form   string
	fields []pages.FileField
}

// paperFields are the fields of a document on a page with others.
func paperFields(item kyc.Item) []pages.FileField {
	fields := []pages.FileField{{Name: "more", Many: true}}
	if item.Card() {
		fields = []pages.FileField{{Name: "front"}, {Name: "back"}}
	}
	for i := range fields {
		fields[i].ID = string(item) + "-" + fields[i].Name
	}
	return fields
}

// paperCards are the documents among the items, each with its form; where says where one is sent, looked at, and where
// its pieces go.
func paperCards(csrf string, items []kyc.CaseItem, given map[kyc.Item]models.Document, bad *sentPaper, where func(kyc.Item) (action, pieces string, look func(int64) string)) []view.PaperCard {
	var cards []view.PaperCard
	for _, i := range items {
		if i.Step != kyc.Documents {
			continue
		}
		c := view.PaperCard{CaseItem: i, Sheet: pages.Sheet{CSRF: csrf, Form: fmt.Sprintf("%x", vault.Random(16)), Kind: i.Item.DocumentKind(), Fields: paperFields(i.Item)}}
		c.Sheet.Action, c.Sheet.Pieces, c.Look = where(i.Item)
		if d, ok := given[i.Item]; ok {
			c.Given = &d
		}
		if bad != nil && bad.item == i.Item {
			c.Bad, c.Sheet.Form, c.Sheet.Fields = true, bad.form, bad.fields
		}
		cards = append(cards, c)
	}
	return cards
}

func (h *Handlers) showPapers(c echo.Context, status int, d onboarding.Door, page view.Page, v onboarding.Visit, s shown) error {
	p := view.PapersPage{Page: page, Error: Sentence(c.Request().Context(), s.refusal), Next: urls.PayeeStep(d.Token, string(kyc.Signature))}
	if next, ok := kyc.NextStep(v.Items); ok {
		p.Next = urls.PayeeStep(d.Token, string(next))
	}
	p.Cards = paperCards(page.CSRF, v.Items, v.Given, s.paper, func(i kyc.Item) (string, string, func(int64) string) {
		return urls.PayeePaper(d.Token, string(i)), urls.PayeeUploads(d.Token), func(page int64) string { return urls.PayeePaperPage(d.Token, string(i), page) }
	})
	return render(c, status, view.Papers(p))
}

// readPapers fills the page of staff who send documents for a payee. Who may see documents is led to them.
func (h *Handlers) readPapers(c echo.Context, p *casepages.FillPage, bad *sentPaper) error {
	given, err := h.Onboarding.Given(c.Request().Context(), p.Of.Items)
	if err != nil {
		return err
	}
	p.Papers = paperCards(p.CSRF, p.Of.Items, given, bad, func(i kyc.Item) (action, pieces string, look func(int64) string) {
		if p.May(models.PermDocumentsView) {
			look = func(page int64) string { return urls.DocumentPage(given[i].DistributorID, given[i].ID, page) }
		}
		return urls.CasePaper(p.Of.ID, string(i)), urls.CaseUploads(p.Of.ID), look
	})
	return nil
}

const intakeKey = "intake"

// PayeeSends lets a payee send documents by a link, or refuses them, before a body is read.
func (h *Handlers) PayeeSends(next echo.HandlerFunc) echo.HandlerFunc {
	return h.Payee(func(c echo.Context, d onboarding.Door) error {
		in, err := h.Onboarding.Intake(c.Request().Context(), d)
		if err != nil {
			return h.notSent(c, d, err)
		}
		h.speak(c, in.Lang)
		c.Set(intakeKey, in)
		return next(c)
	})
}

// takePaper reads a document out of a form and gives it; a refusal comes back with what the page has to say of it.
func (h *Handlers) takePaper(c echo.Context, from documents.Sender, give func(kyc.Item, onboarding.Papers) error) (bad *sentPaper, refusal, err error) {
	if err := readForm(c.Request()); err != nil {
		return nil, nil, err
	}
	bad = &sentPaper{item: kyc.Item(c.Param("item")), form: c.Request().PostForm.Get("form")}
	bad.fields = paperFields(bad.item)
	var sub documents.Submission
	places, refusal, err := h.takeFiles(c, from, &sub, bad.fields)
	if err != nil {
		return nil, nil, err
	}
	if refusal == nil {
		refusal = give(bad.item, onboarding.Papers{Form: bad.form, Parts: sub.Parts})
	}
	switch models.KindOf(refusal) {
	case models.Invalid, models.Unavailable:
		h.explain(c, from, bad.fields, sub, places, refusal)
		return bad, refusal, nil
	}
	return nil, nil, refusal
}

// GivePaper is POST urls.PayeePaperPattern.
func (h *Handlers) GivePaper(c echo.Context) error {
	ctx, d := c.Request().Context(), h.door(c)
	in, _ := c.Get(intakeKey).(onboarding.Intake)
	bad, refusal, err := h.takePaper(c, in.From, func(i kyc.Item, p onboarding.Papers) error { return h.Onboarding.GivePaper(ctx, d, i, p) })
	switch {
	case err != nil:
		return h.notSent(c, d, err)
	case refusal != nil:
		c.SetParamNames("token", "step")
		c.SetParamValues(d.Token, string(kyc.Documents))
		return h.showStep(c, d, shown{refusal: refusal, paper: bad})
	}
	return seeOther(c, urls.PayeeStep(d.Token, string(kyc.Documents))+"#"+c.Param("item"))
}

// notSent leads to where the form stands by now when nothing can be sent.
func (h *Handlers) notSent(c echo.Context, d onboarding.Door, err error) error {
	if key := keyOf(err); models.KindOf(err) == models.Conflict && !slices.Contains([]string{"onboarding.no_picture", "onboarding.too_many_papers"}, key) || key == "onboarding.locked" {
		return seeOther(c, urls.Payee(d.Token))
	}
	return err
}

// PayeePaperPage is GET urls.PayeePaperPagePattern: a picture for the payee alone.
func (h *Handlers) PayeePaperPage(c echo.Context, d onboarding.Door) error {
	page, err := pathID(c, "page")
	if err != nil {
		return err
	}
	picture, err := h.Onboarding.PaperPage(c.Request().Context(), d, kyc.Item(c.Param("item")), page, h.Now().In(i18n.Bogota).Format("2006-01-02 15:04:05"))
	if err != nil {
		return err
	}
	return sendPicture(c, c.Param("item")+"-"+urls.Num(page), picture)
}

// BeginPayeeUpload is POST urls.PayeeUploadsPattern, by the script of the form.
func (h *Handlers) BeginPayeeUpload(c echo.Context) error { return h.payeeUpload(c, h.beginUpload) }

// PayeeUploadState is HEAD urls.PayeeUploadPattern.
func (h *Handlers) PayeeUploadState(c echo.Context) error { return h.payeeUpload(c, h.uploadState) }

// AppendPayeeUpload is PATCH urls.PayeeUploadPattern.
func (h *Handlers) AppendPayeeUpload(c echo.Context) error { return h.payeeUpload(c, h.appendUpload) }

func (h *Handlers) payeeUpload(c echo.Context, next func(echo.Context, documents.Sender) error) error {
	in, _ := c.Get(intakeKey).(onboarding.Intake)
	return next(c, in.From)
}

// FillPaper is POST urls.CasePaperPattern.
func (h *Handlers) FillPaper(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	in, err := h.Onboarding.IntakeFor(ctx, by, id)
	if err != nil {
		return err
	}
	bad, refusal, err := h.takePaper(c, in.From, func(i kyc.Item, p onboarding.Papers) error { return h.Onboarding.FillPaper(ctx, by, id, i, p) })
	switch {
	case err != nil:
		return err
	case refusal != nil:
		c.SetParamNames("id", "step")
		c.SetParamValues(urls.Num(id), string(kyc.Documents))
		return h.showFill(c, shown{refusal: refusal, paper: bad})
	}
	return seeOther(c, urls.CaseFill(id, string(kyc.Documents))+"#"+c.Param("item"))
}

// BeginCaseUpload is POST urls.CaseUploadsPattern, by the script of the form.
func (h *Handlers) BeginCaseUpload(c echo.Context) error { return h.caseUpload(c, h.beginUpload) }

// CaseUploadState is HEAD urls.CaseUploadPattern.
func (h *Handlers) CaseUploadState(c echo.Context) error { return h.caseUpload(c, h.uploadState) }

// AppendCaseUpload is PATCH urls.CaseUploadPattern.
func (h *Handlers) AppendCaseUpload(c echo.Context) error { return h.caseUpload(c, h.appendUpload) }

func (h *Handlers) caseUpload(c echo.Context, next func(echo.Context, documents.Sender) error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	in, err := h.Onboarding.IntakeFor(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	return next(c, in.From)
}

// sendPicture answers a picture which no cache may keep and nothing may run in.
func sendPicture(c echo.Context, name string, picture []byte) error {
	header := c.Response().Header()
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Cache-Control", "no-store, private")
	header.Set(echo.HeaderContentDisposition, `inline; filename="document-`+name+`.jpg"`)
	return c.Blob(http.StatusOK, "image/jpeg", picture)
}
