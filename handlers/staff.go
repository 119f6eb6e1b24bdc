package handlers

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/staff"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// StaffList is GET urls.StaffListPattern.
func (h *Handlers) StaffList(c echo.Context) error {
	var f struct {
		Query string `form:"q"`
		State string `form:"state"`
		Role  string `form:"role"`
		After string `form:"after"`
	}
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	cursor, err := store.ParseCursor(f.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	list, err := h.Staff.List(ctx, staff.Filter{Query: f.Query, State: models.StaffState(f.State), Role: models.Role(f.Role)}, cursor)
	if err != nil {
		return err
	}
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "staff.title"), "staff"), Rows: list.Rows, State: f.State, Role: f.Role,
		Filtered: f.Query != "" || f.State != "" || f.Role != "", Pages: neighbours(c, urls.StaffList(), list.Newer, list.Older),
		Filters: ui.Filters{Action: urls.StaffList(), Query: f.Query, Placeholder: i18n.T(ctx, "staff.find")}}
	return render(c, http.StatusOK, pages.List(p), pages.ListPart(p))
}

// neighbours are the links of a list's pages, with the filters of the URL.
func neighbours(c echo.Context, path, newer, older string) ui.Pages {
	link := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return urls.With(path, c.QueryParams(), "after", cursor)
	}
	return ui.Pages{Newer: link(newer), Older: link(older)}
}

type staffForm struct {
	Name    string   `form:"name"`
	Email   string   `form:"email"`
	Roles   []string `form:"roles"`
	Version int      `form:"version"`
	Note    string   `form:"note"`
}

func (f staffForm) roles() []models.Role {
	roles := make([]models.Role, len(f.Roles))
	for i, r := range f.Roles {
		roles[i] = models.Role(r)
	}
	return roles
}

// StaffNew is GET urls.StaffNewPattern.
func (h *Handlers) StaffNew(c echo.Context) error {
	return h.showStaffForm(c, http.StatusOK, staffForm{}, nil)
}

func (h *Handlers) showStaffForm(c echo.Context, status int, f staffForm, refusal error) error {
	ctx := c.Request().Context()
	return render(c, status, pages.Form(pages.FormPage{Page: h.page(c, i18n.T(ctx, "staff.add"), "staff"), Name: f.Name, Email: f.Email,
		Roles: f.roles(), Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

// StaffAdd is POST urls.StaffNewPattern.
func (h *Handlers) StaffAdd(c echo.Context) error {
	var f staffForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	id, link, err := h.Staff.Add(ctx, ActorFrom(c), staff.NewStaff{Email: f.Email, Name: f.Name, Roles: f.roles(), Locale: string(i18n.From(ctx))})
	if models.KindOf(err) != "" {
		return h.showStaffForm(c, Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return h.showLink(c, id, link)
}

// showLink answers with a one-time link, which is nowhere else to be seen.
func (h *Handlers) showLink(c echo.Context, id int64, link string) error {
	ctx := c.Request().Context()
	person, err := h.Staff.Get(ctx, id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Link(pages.LinkPage{Page: h.page(c, i18n.T(ctx, "staff.link_title"), "staff"), Person: person, Link: link}))
}

// StaffRecord is GET urls.StaffPattern.
func (h *Handlers) StaffRecord(c echo.Context) error { return h.showStaff(c, http.StatusOK, nil) }

func (h *Handlers) staffRecord(c echo.Context) (p pages.RecordPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Person, err = h.Staff.Get(ctx, id); err != nil {
		return p, err
	}
	p.Page = h.page(c, p.Person.Name, "staff")
	p.Sessions, err = h.Staff.Sessions(ctx, id)
	return p, err
}

func (h *Handlers) showStaff(c echo.Context, status int, refusal error) error {
	p, err := h.staffRecord(c)
	if err != nil {
		return err
	}
	p.Error = Sentence(c.Request().Context(), refusal)
	return render(c, status, pages.Record(p))
}

// decideStaff reads which account is meant and on which version the decision was made.
func decideStaff(c echo.Context) (id int64, f staffForm, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return 0, f, err
	}
	return id, f, decode(c, &f)
}

// StaffRoles is POST urls.StaffRolesPattern.
func (h *Handlers) StaffRoles(c echo.Context) error {
	id, f, err := decideStaff(c)
	if err != nil {
		return err
	}
	err = h.Staff.SetRoles(c.Request().Context(), ActorFrom(c), id, f.Version, f.roles())
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showStaff(c, Status(err), err)
	}
	return h.done(c, err, "staff.saved_roles", urls.Staff(id))
}

// StaffAskDisable is GET urls.StaffDisablePattern: the question, without JavaScript.
func (h *Handlers) StaffAskDisable(c echo.Context) error {
	return h.showDisable(c, http.StatusOK, nil)
}

func (h *Handlers) showDisable(c echo.Context, status int, refusal error) error {
	p, err := h.staffRecord(c)
	if err != nil {
		return err
	}
	return render(c, status, pages.AskDisable(p, Sentence(c.Request().Context(), refusal)))
}

// StaffDisable is POST urls.StaffDisablePattern.
func (h *Handlers) StaffDisable(c echo.Context) error {
	id, f, err := decideStaff(c)
	if err != nil {
		return err
	}
	err = h.Staff.Disable(c.Request().Context(), ActorFrom(c), id, f.Version, f.Note)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showDisable(c, Status(err), err)
	}
	return h.done(c, err, "staff.disabled", urls.Staff(id))
}

// StaffInvite is POST urls.StaffInvitePattern.
func (h *Handlers) StaffInvite(c echo.Context) error {
	id, f, err := decideStaff(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	link, err := h.Staff.Invite(ctx, ActorFrom(c), id, f.Version, string(i18n.From(ctx)))
	if err != nil {
		return err
	}
	return h.showLink(c, id, link)
}

// StaffAskReset is GET urls.StaffResetPattern: the question, without JavaScript.
func (h *Handlers) StaffAskReset(c echo.Context) error {
	p, err := h.staffRecord(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.AskReset(p))
}

// StaffReset is POST urls.StaffResetPattern.
func (h *Handlers) StaffReset(c echo.Context) error {
	id, f, err := decideStaff(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	link, err := h.Staff.ResetFactor(ctx, ActorFrom(c), id, f.Version, string(i18n.From(ctx)))
	if err != nil {
		return err
	}
	return h.showLink(c, id, link)
}

// Permissions is GET urls.PermissionsPattern: what each role may do, and which routes that opens.
func (h *Handlers) Permissions(c echo.Context) error {
	p := pages.MatrixPage{Page: h.page(c, i18n.T(c.Request().Context(), "staff.permissions"), "staff")}
	for _, perm := range slices.Concat(models.Permissions, []models.Permission{models.PermSignedIn, models.PermPublic}) {
		p.Lines = append(p.Lines, pages.Line{Permission: perm, Routes: h.Routes[perm]})
	}
	return render(c, http.StatusOK, pages.Matrix(p))
}

// Outbox is GET urls.OutboxPattern.
func (h *Handlers) Outbox(c echo.Context) error {
	var f struct {
		State string `form:"state"`
		After string `form:"after"`
	}
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	cursor, err := store.ParseCursor(f.After)
	if err != nil {
		return err
	}
	ctx, waiting := c.Request().Context(), f.State == "waiting"
	list, err := h.Mail.List(ctx, waiting, cursor)
	if err != nil {
		return err
	}
	p := pages.OutboxPage{Page: h.page(c, i18n.T(ctx, "outbox.title"), "outbox"), Rows: list.Rows, Waiting: waiting,
		Pages: neighbours(c, urls.Outbox(), list.Newer, list.Older)}
	return render(c, http.StatusOK, pages.Outbox(p), pages.OutboxPart(p))
}

// MailRecord is GET urls.MailPattern: a mail with its link, for those who may hand out such links.
func (h *Handlers) MailRecord(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	m, err := h.Mail.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Mail(pages.MailPage{Page: h.page(c, m.Subject, "outbox"), Mail: m}))
}

// clean leaves the empty values out of a query, as filters are written into links.
func clean(q url.Values) url.Values {
	kept := url.Values{}
	for k, v := range q {
		if len(v) > 0 && v[0] != "" && k != "after" {
			kept[k] = v[:1]
		}
	}
	return kept
}
