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
)

// TrialBalance is GET urls.LedgerPattern.
func (h *Handlers) TrialBalance(c echo.Context) error { return h.showTrial(c, nil) }

// VerifyLedger is GET urls.VerifyLedgerPattern: the books are read from the first entry on. It changes nothing.
func (h *Handlers) VerifyLedger(c echo.Context) error {
	report, err := ledger.Verify(c.Request().Context(), h.DB)
	if err != nil {
		return err
	}
	return h.showTrial(c, &report)
}

func (h *Handlers) showTrial(c echo.Context, report *models.LedgerReport) error {
	ctx := c.Request().Context()
	trial, err := ledger.Trial(ctx, h.DB.Gorm)
	if err != nil {
		return err
	}
	page := views.TrialPage{Page: h.page(c, i18n.T(ctx, "ledger.title"), "ledger"), Report: report}
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
