// Package ros shows reports of suspicious operations.
package ros

import (
	"context"
	"io"
	"time"

	"pagaduria/models"
	"pagaduria/models/pdf"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of reports.
type ListPage struct {
	layout.Page
	State  models.ROSState
	Counts map[models.ROSState]int64
	Rows   []models.ROS
	Pages  ui.Pages
	Failed string
}

// ReportPage is one report, or the form of a new one.
type ReportPage struct {
	layout.Page
	Report  models.ROS
	Amount  string // typed
	Today   string
	Problem string
	Errors  map[string]string
}

var looks = map[models.ROSState]ui.Look{
	models.ROSDraft:   {Tone: "wait", Icon: "pencil", Key: "ros.state.draft"},
	models.ROSFiled:   {Tone: "ok", Icon: "circle-check", Key: "ros.state.filed"},
	models.ROSDropped: {Icon: "ban", Key: "ros.state.dropped"},
}

func (p ListPage) tiles(ctx context.Context) []ui.TileData {
	all := int64(0)
	for _, n := range p.Counts {
		all += n
	}
	list := []ui.TileData{{URL: urls.ROSList(), Label: i18n.T(ctx, "ros.all"), Big: i18n.Number(ctx, all), Current: p.State == ""}}
	for _, s := range models.ROSStates {
		list = append(list, ui.TileData{URL: urls.ROSIn(string(s)), Label: i18n.T(ctx, looks[s].Key), Big: i18n.Number(ctx, p.Counts[s]), Current: p.State == s})
	}
	return list
}

func (p ListPage) any() bool { return len(p.Counts) > 0 }

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// Write says a report as a PDF.
func Write(ctx context.Context, out io.Writer, r models.ROS) error {
	title := i18n.T(ctx, "ros.title") + " " + urls.Num(r.ID)
	w := pdf.New(out, title)
	w.Heading(title, 16)
	for _, l := range [][2]string{
		{"ros.payee", r.Name + " (" + r.Code + ")"}, {"ros.document", r.DocType + " " + r.DocNumber}, {"ros.period", day(r.From) + " – " + day(r.To)},
		{"ros.amount", i18n.Money(ctx, r.Amount())}, {"ros.state_label", i18n.T(ctx, looks[r.State].Key)}, {"ros.author", r.AuthorName}, {"ros.number", r.SIREL},
	} {
		if l[1] != "" {
			w.Pair(i18n.T(ctx, l[0]), l[1])
		}
	}
	if r.FiledOn != nil {
		w.Pair(i18n.T(ctx, "ros.filed_on"), day(*r.FiledOn))
	}
	w.Heading(i18n.T(ctx, "ros.operation"), 11)
	w.Line(r.Operation)
	w.Heading(i18n.T(ctx, "ros.signals"), 11)
	w.Line(r.Signals)
	return w.Close()
}
