package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
	pages "pagaduria/views/audit"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

type auditForm struct {
	Actor   int64     `form:"actor"`
	By      string    `form:"by"`
	Action  string    `form:"action"`
	Subject string    `form:"subject"`
	ID      int64     `form:"id"`
	From    time.Time `form:"from"`
	Until   time.Time `form:"until"` // inclusive
	After   string    `form:"after"`
}

// filter turns the days of the form, which are Bogotá's, into moments.
func (f auditForm) filter(by models.Actor) models.AuditFilter {
	day := func(t time.Time, later int) time.Time {
		if t.IsZero() {
			return t
		}
		return time.Date(t.Year(), t.Month(), t.Day()+later, 0, 0, 0, 0, i18n.Bogota)
	}
	return models.AuditFilter{ActorID: f.Actor, ActorName: f.By, Action: f.Action, SubjectType: f.Subject, SubjectID: f.ID,
		From: day(f.From, 0), To: day(f.Until, 1), Without: models.HiddenFrom(by)}
}

// Audit is GET urls.AuditPattern.
func (h *Handlers) Audit(c echo.Context) error {
	if asksCheck(c) {
		p, err := h.auditCheck(c)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, pages.Check(p))
	}
	var f auditForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	cursor, err := store.ParseCursor(f.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, err := audit.List(ctx, h.DB, f.filter(ActorFrom(c)), cursor)
	if err != nil {
		return err
	}
	p, err := h.auditCheck(c)
	if err != nil {
		return err
	}
	q := clean(c.QueryParams())
	p.Rows, p.Query, p.Action, p.From, p.Until = list.Rows, q, f.Action, q.Get("from"), q.Get("until")
	p.Filtered, p.Pages = !f.filter(ActorFrom(c)).Empty(), neighbours(c, urls.Audit(), list.Newer, list.Older)
	h.auditChips(c, &p, q)
	if p.Actions, err = audit.Actions(ctx, h.DB); err != nil {
		return err
	}
	hidden := models.HiddenActions(ActorFrom(c)) // that there are such events at all is not for everybody
	p.Actions = slices.DeleteFunc(p.Actions, func(action string) bool {
		return slices.ContainsFunc(hidden, func(group string) bool { return strings.HasPrefix(action, group) })
	})
	return render(c, http.StatusOK, pages.Log(p), pages.List(p))
}

// auditCheck is the page of the log with the last check of it and nothing else.
func (h *Handlers) auditCheck(c echo.Context) (p pages.Page, err error) {
	p.Page = h.page(c, i18n.T(c.Request().Context(), "audit.title"), "audit")
	p.Check, err = h.lastCheck(c, p.Page, models.CheckAudit, 0, &p.Report)
	return p, err
}

// auditChips are the filters that have no field of their own.
func (h *Handlers) auditChips(c echo.Context, p *pages.Page, q url.Values) {
	ctx := c.Request().Context()
	for _, name := range []string{"actor", "by", "subject", "id"} {
		value := q.Get(name)
		if value == "" {
			continue
		}
		p.Keep = append(p.Keep, ui.Pair{Name: name, Value: value})
		if name == "actor" && len(p.Rows) > 0 {
			value = p.Rows[0].ActorName
		}
		key := name
		if name == "id" {
			key = "subject"
		}
		p.Chosen = append(p.Chosen, ui.Chosen{Label: i18n.T(ctx, "audit.chip_"+key), Value: value, Remove: urls.With(urls.Audit(), q, name, "")})
	}
}

// AuditExport is GET urls.AuditExportPattern: the filtered log, row by row.
func (h *Handlers) AuditExport(c echo.Context) error {
	var f auditForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	w := c.Response()
	w.Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	w.Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="audit-%s.csv"`, h.Now().In(i18n.Bogota).Format(time.DateOnly)))
	return audit.Export(c.Request().Context(), h.DB, f.filter(ActorFrom(c)), sheet.NewWriter(w, sheet.Layout{}))
}

// AuditVerify is POST urls.AuditVerifyPattern: has the hash chain worked out again.
func (h *Handlers) AuditVerify(c echo.Context) error {
	return h.startCheck(c, models.CheckAudit, 0, urls.Audit())
}
