package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	views "pagaduria/views/ledger"
	"pagaduria/views/urls"
)

// VerifyLedger is POST urls.VerifyLedgerPattern: has the books read from the first entry on.
func (h *Handlers) VerifyLedger(c echo.Context) error {
	return h.startCheck(c, models.CheckLedger, 0, urls.Ledger())
}

// TrialBalance is GET urls.LedgerPattern.
func (h *Handlers) TrialBalance(c echo.Context) error {
	ctx := c.Request().Context()
	trial, err := ledger.Trial(ctx, h.DB.Gorm)
	if err != nil {
		return err
	}
	page := views.TrialPage{Page: h.page(c, i18n.T(ctx, "ledger.title"), "ledger")}
	if page.Check, err = h.lastCheck(c, page.Page, models.CheckLedger, 0, &page.Report); err != nil {
		return err
	}
	if asksCheck(c) {
		return render(c, http.StatusOK, views.Check(page))
	}
	for _, k := range models.AccountKinds {
		for _, l := range trial {
			if l.Account == k {
				page.Lines = append(page.Lines, views.Line{Account: k, Debit: l.DebitTotal(), Credit: l.CreditTotal(), Balance: l.Balance()})
			}
		}
	}
	return render(c, http.StatusOK, views.Trial(page))
}

// Statement is GET urls.StatementPattern.
func (h *Handlers) Statement(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	person, err := h.Distributors.Get(ctx, id)
	if err != nil {
		return err
	}
	owed, err := ledger.Owed(ctx, h.DB, id)
	if err != nil {
		return err
	}
	entries, err := ledger.Statement(ctx, h.DB, id, at)
	if err != nil {
		return err
	}
	name := person.Name()
	return render(c, http.StatusOK, views.Statement(views.StatementPage{
		Page: h.page(c, i18n.T(ctx, "ledger.statement_of", "Name", name), "ledger"), ID: id, Name: name,
		Payable: owed.Payable, Held: owed.Held, Entries: entries.Rows, Newer: entries.Newer, Older: entries.Older,
	}))
}

// StatementFile is GET urls.StatementFilePattern.
func (h *Handlers) StatementFile(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if _, err := h.Distributors.Get(c.Request().Context(), id); err != nil {
		return err
	}
	startFile(c, "statement")
	return ledger.ExportStatement(c.Request().Context(), h.DB, ActorFrom(c), id, sheet.NewWriter(c.Response(), officeLayout(c)))
}
