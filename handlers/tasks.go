package handlers

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	view "pagaduria/views/tasks"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// TaskList is GET urls.TasksPattern.
func (h *Handlers) TaskList(c echo.Context) error {
	var q struct {
		All   bool   `form:"all"`
		After string `form:"after"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "nav.tasks"), "tasks"), All: q.All && by.May(models.PermTasksAll)}
	list, err := h.Tasks.List(ctx, by, q.All, at)
	if err != nil {
		return err
	}
	p.Rows = list.Rows
	query := clean(c.QueryParams())
	p.Pages = ui.Pages{Newer: pageURL(urls.Tasks(), query, list.Newer), Older: pageURL(urls.Tasks(), query, list.Older)}
	return render(c, http.StatusOK, view.List(p), view.ListPart(p))
}

// TaskPage is GET urls.TaskPattern.
func (h *Handlers) TaskPage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	t, err := h.Tasks.Task(ctx, by, id)
	if err != nil {
		return err
	}
	p := h.taskPanel(c, t)
	return render(c, http.StatusOK, view.Show(p), view.Panel(p))
}

// taskPanel is what shows how far a task is, on its own page and on others.
func (h *Handlers) taskPanel(c echo.Context, t models.Task) view.PanelPage {
	by := ActorFrom(c)
	return view.PanelPage{Page: h.page(c, view.Title(c.Request().Context(), t), "tasks"), Task: t, MayStop: t.Stop(by) == nil && !t.Stopping,
		MayTake: t.Download(by, h.Now()) == nil, Mine: by.StaffID == t.StaffID}
}

// StopTask is POST urls.StopTaskPattern.
func (h *Handlers) StopTask(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.Tasks.Stop(c.Request().Context(), ActorFrom(c), id); err != nil {
		return err
	}
	return seeOther(c, urls.Task(id))
}

// TaskFile is GET urls.TaskFilePattern: always a download, never shown in the browser.
func (h *Handlers) TaskFile(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	t, file, err := h.Tasks.File(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	header, kind := c.Response().Header(), "text/csv; charset=utf-8"
	if strings.HasSuffix(t.Name, ".xlsx") {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": t.Name}))
	header.Set("Cache-Control", "no-store")
	header.Set(echo.HeaderContentLength, strconv.FormatInt(t.FileSize, 10))
	return c.Stream(http.StatusOK, kind, file)
}
