package handlers

import (
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/ros"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ROSList is GET urls.ROSListPattern.
func (h *Handlers) ROSList(c echo.Context) error {
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "ros.title"), "ros"), State: models.ROSState(c.QueryParam("state"))}
	list, counts, err := h.ROSs.List(ctx, ActorFrom(c), p.State, at)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of reports failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	query := listQuery(c.QueryParams())
	p.Rows, p.Counts = list.Rows, counts
	p.Pages = ui.Pages{Newer: pageURL(urls.ROSList(), query, list.Newer), Older: pageURL(urls.ROSList(), query, list.Older)}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

// rosForm is a draft as it is typed.
type rosForm struct {
	Distributor int64     `form:"distributor"`
	Operation   string    `form:"operation"`
	Signals     string    `form:"signals"`
	Amount      string    `form:"amount"`
	From        time.Time `form:"from"`
	To          time.Time `form:"to"`
	Version     int       `form:"version"`
}

// report judges the amount too: what is no figure becomes one that is refused.
func (f rosForm) report() models.ROS {
	r := models.ROS{DistributorID: f.Distributor, Operation: cut(f.Operation, 8000), Signals: cut(f.Signals, 8000), From: f.From, To: f.To}
	if f.Amount == "" {
		return r
	}
	m, err := typedPesos(f.Amount)
	if r.Minor = m.Minor; err != nil {
		r.Minor = -1
	}
	return r
}

// NewROS is GET urls.NewROSPattern.
func (h *Handlers) NewROS(c echo.Context) error {
	var f rosForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	f.From, f.To = h.ROSs.Today().AddDate(0, -1, 0), h.ROSs.Today()
	return h.showNewROS(c, f, nil)
}

func (h *Handlers) showNewROS(c echo.Context, f rosForm, refusal error) error {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	of, err := h.Distributors.Get(ctx, f.Distributor)
	if err != nil {
		return err
	}
	p := pages.ReportPage{Page: h.page(c, i18n.T(ctx, "ros.new"), "ros"), Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), Amount: f.Amount,
		Report: models.ROS{DistributorID: of.ID, Code: of.Code, Name: of.Name(), Operation: f.Operation, Signals: f.Signals, From: f.From, To: f.To, State: models.ROSDraft}}
	return render(c, status, pages.New(p))
}

// DraftROS is POST urls.ROSListPattern.
func (h *Handlers) DraftROS(c echo.Context) error {
	var f rosForm
	if err := decode(c, &f); err != nil {
		return err
	}
	id, err := h.ROSs.Draft(c.Request().Context(), ActorFrom(c), f.report())
	if models.KindOf(err) == models.Invalid {
		return h.showNewROS(c, f, err)
	}
	return h.done(c, err, "ros.saved", urls.ROS(id))
}

// ROS is GET urls.ROSPattern.
func (h *Handlers) ROS(c echo.Context) error { return h.showROS(c, nil, nil) }

func (h *Handlers) showROS(c echo.Context, typed *rosForm, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.ReportPage{Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), Today: h.ROSs.Today().Format(time.DateOnly)}
	if p.Report, err = h.ROSs.Report(ctx, ActorFrom(c), id); err != nil {
		return err
	}
	whole, _ := p.Report.Amount().Whole()
	p.Page, p.Amount = h.page(c, i18n.T(ctx, "ros.on", "Name", p.Report.Name), "ros"), strconv.FormatInt(whole, 10)
	if typed != nil {
		p.Report.Operation, p.Report.Signals, p.Report.From, p.Report.To, p.Amount = typed.Operation, typed.Signals, typed.From, typed.To, typed.Amount
	}
	return render(c, status, pages.Show(p))
}

// refusedROS answers a refused step with the report and the sentence above it.
func (h *Handlers) refusedROS(c echo.Context, typed *rosForm, err error) error {
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showROS(c, typed, err)
	}
	id, _ := pathID(c, "id")
	return h.done(c, err, "ros.saved", urls.ROS(id))
}

// EditROS is POST urls.ROSPattern.
func (h *Handlers) EditROS(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f rosForm
	if err := decode(c, &f); err != nil {
		return err
	}
	return h.refusedROS(c, &f, h.ROSs.Edit(c.Request().Context(), ActorFrom(c), id, f.Version, f.report()))
}

// FileROS is POST urls.FileROSPattern.
func (h *Handlers) FileROS(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Version int       `form:"version"`
		Number  string    `form:"number"`
		On      time.Time `form:"filed_on"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	return h.refusedROS(c, nil, h.ROSs.File(c.Request().Context(), ActorFrom(c), id, f.Version, f.Number, f.On))
}

// DropROS is POST urls.DropROSPattern.
func (h *Handlers) DropROS(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Version int    `form:"version"`
		Why     string `form:"why"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	return h.refusedROS(c, nil, h.ROSs.Drop(c.Request().Context(), ActorFrom(c), id, f.Version, cut(f.Why, 2000)))
}

// ROSPDF is GET urls.ROSPDFPattern: always a download, recorded before it begins.
func (h *Handlers) ROSPDF(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	write, err := h.ROSs.Download(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/pdf")
	header.Set(echo.HeaderCacheControl, "no-store, private")
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": "report-" + urls.Num(id) + ".pdf"}))
	c.Response().WriteHeader(http.StatusOK)
	return write(c.Response())
}
