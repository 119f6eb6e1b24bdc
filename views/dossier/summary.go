// Package dossier says what is kept about a payee, for the summary of an archive.
package dossier

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/dossier"
	"pagaduria/models/ident"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/onboarding"
	"pagaduria/views/ui"
)

// Write says a dossier, section by section.
func Write(ctx context.Context, d dossier.Dossier) (title string, sections []dossier.Section) {
	w := writer{ctx: ctx}
	w.section("payee")
	w.line("name", d.Of.Name())
	w.line("document", ident.Document{Country: d.Of.Country, Type: d.Of.DocType, Number: d.Of.DocNumber, DV: d.Of.DocDV}.String())
	w.line("code", d.Of.Code)
	w.line("phone", d.Of.Phone)
	w.line("email", d.Of.Email)
	w.line("address", strings.Trim(d.Of.Address+", "+d.Of.City, ", "))
	w.line("state", i18n.T(ctx, ui.VerificationState(d.Of.Verification).Key))
	if d.Of.VerifiedUntil != nil {
		w.line("until", i18n.Calendar(ctx, *d.Of.VerifiedUntil))
	}
	for _, m := range d.Methods {
		w.pair(i18n.T(ctx, ui.MethodKey(m.Kind)), m.AccountNumber+m.BreBKey)
	}
	w.line("paid", i18n.N(ctx, "dossier.paid_sum", int(d.Paid.Count), "Amount", i18n.Money(ctx, d.Paid.Total)))
	for _, c := range d.Cases {
		w.readCase(c)
	}
	w.decisions(d.Decisions)
	w.screening(d.Screening)
	if d.Risk != nil && d.Risk.Known {
		w.section("risk")
		w.line("band", i18n.T(ctx, "risk.band."+string(d.Risk.Band)))
		w.line("score", strconv.Itoa(d.Risk.Score))
		for _, f := range d.Risk.Fired {
			w.pair(i18n.T(ctx, "risk.rule."+string(f.Kind)), strconv.Itoa(f.Points))
		}
	}
	w.documents(d.Documents)
	w.section("timeline")
	for _, e := range d.Timeline {
		w.pair(w.at(e.At), strings.TrimSpace(e.ActorName+": "+action(ctx, e.Action)+" "+e.Reason))
	}
	w.section("made")
	w.line("made_by", d.MadeBy)
	w.line("made_at", w.at(d.MadeAt))
	w.text(i18n.T(ctx, "dossier.hashes"))
	return i18n.T(ctx, "dossier.title", "Name", d.Of.Name()), w.list
}

func action(ctx context.Context, name string) string {
	if key := "action." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return name
}

// writer gathers sections.
type writer struct {
	ctx  context.Context
	list []dossier.Section
}

func (w *writer) section(key string, args ...any) {
	w.list = append(w.list, dossier.Section{Title: i18n.T(w.ctx, "dossier.section."+key, args...)})
}

func (w *writer) pair(name, text string) {
	s := &w.list[len(w.list)-1]
	if text == "" {
		text = "–"
	}
	s.Lines = append(s.Lines, [2]string{name, text})
}

func (w *writer) line(key, text string) { w.pair(i18n.T(w.ctx, "dossier.field."+key), text) }

func (w *writer) text(text string) {
	s := &w.list[len(w.list)-1]
	s.Lines = append(s.Lines, [2]string{"", text})
}

// at is a moment in Bogotá, to the second.
func (w *writer) at(t time.Time) string {
	return t.In(i18n.Bogota).Format("2006-01-02 15:04:05 -07:00")
}

func (w *writer) readCase(c dossier.Case) {
	w.section("case", "ID", strconv.FormatInt(c.ID, 10))
	w.line("state", i18n.T(w.ctx, "kyc.state."+string(c.State)))
	w.line("opened", w.at(c.CreatedAt)+" · "+c.StaffName)
	if c.SubmittedAt != nil {
		w.line("submitted", w.at(*c.SubmittedAt))
	}
	if c.ContactTo != "" {
		w.line("contact", c.ContactTo)
	}
	for _, k := range c.Consents {
		w.line("consent", w.at(k.At)+" · "+k.TextVersion+" "+k.Lang+" · "+k.Address+" · SHA-256 "+k.SHA256)
	}
	for _, g := range c.Signatures {
		w.line("signed", w.at(g.At)+" · "+g.Name+" · SHA-256 "+g.SHA256)
	}
	for _, i := range c.Items {
		w.pair(onboarding.ItemName(w.ctx, i.Item), i18n.T(w.ctx, "kyc.item."+string(i.State)))
	}
	for _, i := range c.Items {
		if answer, ok := c.Declared[i.Item]; ok {
			w.answer(i.Item, answer)
		}
	}
	if c.Trail != nil {
		w.trail(*c.Trail)
	}
}

// trail writes what reviewers said of everything, and what was decided, in the order it happened.
func (w *writer) trail(t kyc.Trail) {
	for _, d := range slices.Backward(t.Decided) {
		text := d.StaffName + ": " + i18n.T(w.ctx, "case.verdict_"+string(d.Verdict)) + ", v" + strconv.Itoa(d.Version)
		if d.IssuedOn != nil {
			text += " · " + i18n.T(w.ctx, "case.issued_on") + " " + d.IssuedOn.Format(time.DateOnly)
		}
		w.pair(w.at(d.At), onboarding.ItemName(w.ctx, d.Item)+". "+text+w.because(d.Reason, d.ToPayee, d.Note))
	}
	for _, d := range slices.Backward(t.Decisions) {
		text := i18n.T(w.ctx, "case.outcome."+string(d.Outcome)) + " · " + d.MakerName + w.because(d.Reason, d.ToPayee, d.Note)
		if d.CheckedAt != nil {
			text += "\n" + w.at(*d.CheckedAt) + " · " + d.CheckerName + w.because("", "", d.Answer)
		}
		w.pair(w.at(d.MadeAt), text+" · "+i18n.T(w.ctx, "dossier.decision."+d.State))
	}
	for _, n := range slices.Backward(t.Notes) {
		w.pair(w.at(n.At), n.StaffName+": "+n.Text)
	}
}

// because is a reason in words, what the payee was told, and what reviewers noted.
func (w *writer) because(r kyc.Reason, toPayee, note string) (text string) {
	if r != "" {
		text += " · " + i18n.T(w.ctx, "reason.name."+string(r))
	}
	if toPayee != "" {
		text += " · «" + toPayee + "»"
	}
	if note != "" {
		text += " · " + note
	}
	return text
}

// answer writes what was declared, field by field, as it is kept.
func (w *writer) answer(item kyc.Item, answer json.RawMessage) {
	var fields map[string]any
	if json.Unmarshal(answer, &fields) != nil {
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value, ok := fields[name].(string)
		if !ok {
			b, _ := json.Marshal(fields[name])
			value = string(b)
		}
		w.pair(onboarding.ItemName(w.ctx, item)+" · "+name, value)
	}
}

func (w *writer) decisions(list []models.VerificationEvent) {
	if len(list) == 0 {
		return
	}
	w.section("decisions")
	for _, v := range slices.Backward(list) {
		text := v.StaffName + ": " + i18n.T(w.ctx, ui.VerificationState(v.To).Key) + ". " + v.Reason
		if v.FileName != "" {
			text += " (" + v.FileName + ", SHA-256 " + v.FileHash + ")"
		}
		w.pair(w.at(v.At), text)
	}
}

func (w *writer) screening(x dossier.Screening) {
	w.section("screening")
	if x.At == nil {
		w.text(i18n.T(w.ctx, "dossier.not_screened"))
		return
	}
	w.line("screened", w.at(*x.At))
	for _, v := range x.Lists {
		published := ""
		if v.GeneratedOn != nil {
			published = v.GeneratedOn.Format(time.DateOnly) + " · "
		}
		w.pair(string(v.List), published+w.at(v.LoadedAt)+" · "+i18n.N(w.ctx, "screening.entries", v.Entries))
	}
	for _, h := range x.Hits {
		w.pair(string(h.List)+" "+h.Number, h.EntryName+" · "+strconv.Itoa(h.Score)+"/1000 · "+i18n.T(w.ctx, "screening.state."+string(h.State)))
		for _, v := range slices.Backward(h.Decisions) {
			w.pair(w.at(v.At), v.StaffName+": "+i18n.T(w.ctx, "screening.state."+string(v.To))+". "+v.Comment)
		}
	}
}

func (w *writer) documents(list []dossier.Document) {
	w.section("documents")
	if len(list) == 0 {
		w.text(i18n.T(w.ctx, "dossier.no_documents"))
	}
	for _, d := range list {
		text := w.at(d.SentAt) + " · " + d.Name + " · SHA-256 " + d.SHA256
		for _, p := range d.Parts {
			text += "\n" + p.Path + " · SHA-256 " + p.SHA256
		}
		w.pair(i18n.T(w.ctx, "documents.kind."+d.Kind)+" v"+strconv.Itoa(d.Version), text)
	}
}
