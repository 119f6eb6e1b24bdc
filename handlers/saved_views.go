package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/savedviews"
	"pagaduria/views/i18n"
	view "pagaduria/views/savedviews"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListViews are the pages of the views of one list.
type ListViews struct {
	h    *Handlers
	list models.SavedList
}

// ViewsOf answers the pages of a list's views.
func (h *Handlers) ViewsOf(list models.SavedList) ListViews { return ListViews{h, list} }

// viewForm is a view as it is typed. The filters stand in the address.
type viewForm struct {
	Name    string `form:"name"`
	Shared  bool   `form:"shared"`
	Default bool   `form:"default"`
	Replace bool   `form:"replace"`
	Version int    `form:"version"`
}

// Page is GET urls.Views(list): every view of the list, and the form that saves what the list showed.
func (l ListViews) Page(c echo.Context) error {
	return l.show(c, http.StatusOK, viewForm{}, nil)
}

func (l ListViews) show(c echo.Context, status int, f viewForm, refusal error) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	views, err := l.h.Views.OfList(ctx, by, l.list, 0)
	if err != nil {
		return err
	}
	known := savedLists[l.list]
	kept, _ := known.sift(c.QueryParams())
	p := view.ListPage{Page: l.h.page(c, i18n.T(ctx, "view.title", "List", i18n.T(ctx, known.title)), string(l.list)), List: l.list, ListTitle: i18n.T(ctx, known.title),
		Query: kept, Keeps: l.h.keeps(ctx, known, kept), Form: view.Form{Name: f.Name, Shared: f.Shared, Default: f.Default}, Errors: fieldErrors(ctx, refusal)}
	if refusal != nil {
		p.Problem = Sentence(ctx, refusal)
	}
	for _, v := range views {
		p.Rows = append(p.Rows, l.h.viewRow(ctx, by, v))
	}
	return render(c, status, view.List(p))
}

// keeps says what a view keeps: its filters, and its columns as one line.
func (h *Handlers) keeps(ctx context.Context, l savedList, kept url.Values) []ui.Pair {
	filters := url.Values{}
	for name, values := range kept {
		if name != ui.ColumnsParam {
			filters[name] = values
		}
	}
	said := filterWords(ctx, l, filters, h.Now())
	if chosen := kept[ui.ColumnsParam]; len(chosen) > 0 {
		said = append(said, ui.Pair{Name: i18n.T(ctx, "view.columns"), Value: ui.NewColumns(l.columns, chosen).Words(ctx)})
	}
	return said
}

func (h *Handlers) viewRow(ctx context.Context, by models.Actor, v models.SavedView) view.Row {
	l := savedLists[v.List]
	kept, dropped := l.kept(v)
	says := h.keeps(ctx, l, kept)
	kept.Set(ui.ViewParam, urls.Num(v.ID))
	return view.Row{SavedView: v, Open: urls.List(string(v.List), kept), Keeps: says, Dropped: filterWords(ctx, l, dropped, h.Now()), May: v.ChangeableBy(by)}
}

// Save is POST urls.Views(list): it keeps what the address says.
func (l ListViews) Save(c echo.Context) error {
	var f viewForm
	if err := decode(c, &f); err != nil {
		return err
	}
	kept, _ := savedLists[l.list].sift(c.QueryParams())
	id, err := l.h.Views.Save(c.Request().Context(), ActorFrom(c), savedviews.New{List: l.list, Name: f.Name, Query: kept.Encode(), Shared: f.Shared, Default: f.Default})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return l.show(c, Status(err), f, err)
	}
	kept.Set(ui.ViewParam, urls.Num(id))
	return l.h.done(c, err, "view.done.saved", urls.List(string(l.list), kept))
}

// SavedView is GET urls.SavedViewPattern.
func (h *Handlers) SavedView(c echo.Context) error { return h.showView(c, http.StatusOK, nil, nil) }

// showView draws a view; f is what was typed, nil at first.
func (h *Handlers) showView(c echo.Context, status int, f *viewForm, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	v, err := h.Views.View(ctx, by, id)
	if err != nil {
		return err
	}
	known := savedLists[v.List]
	p := view.ShowPage{Page: h.page(c, v.Name, string(v.List)), ListTitle: i18n.T(ctx, known.title), Row: h.viewRow(ctx, by, v), MayShare: v.Shared || by.May(models.PermViewsShare),
		Form: view.Form{Name: v.Name, Shared: v.Shared}, Errors: fieldErrors(ctx, refusal)}
	if kept, _ := known.sift(c.QueryParams()); len(kept) > 0 {
		p.Query, p.Now, p.Form.Replace = kept, h.keeps(ctx, known, kept), true
	}
	if f != nil {
		p.Form = view.Form{Name: f.Name, Shared: f.Shared, Replace: f.Replace}
	}
	if refusal != nil {
		p.Problem = Sentence(ctx, refusal)
	}
	return render(c, status, view.Show(p))
}

// ChangeView is POST urls.SavedViewPattern.
func (h *Handlers) ChangeView(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f viewForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	v, err := h.Views.View(ctx, by, id)
	if err != nil {
		return err
	}
	change := savedviews.Change{Name: f.Name, Shared: f.Shared, Seen: f.Version}
	if f.Replace {
		kept, _ := savedLists[v.List].sift(c.QueryParams())
		change.Query = kept.Encode()
	}
	err = h.Views.Change(ctx, by, id, change)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showView(c, Status(err), &f, err)
	}
	return h.done(c, err, "view.done.changed", urls.Views(string(v.List)))
}

// DefaultView is POST urls.DefaultViewPattern.
func (h *Handlers) DefaultView(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		On bool `form:"on"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	set, said := h.Views.DropDefault, "view.done.default_off"
	if f.On {
		set, said = h.Views.MakeDefault, "view.done.default_on"
	}
	list, err := set(ctx, by, id)
	return h.done(c, err, said, urls.Views(string(list)))
}

// AskDeleteView is GET urls.DeleteViewPattern.
func (h *Handlers) AskDeleteView(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	v, err := h.Views.View(ctx, by, id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, view.AskDelete(view.ShowPage{Page: h.page(c, v.Name, string(v.List)), Row: h.viewRow(ctx, by, v)}))
}

// DeleteView is POST urls.DeleteViewPattern.
func (h *Handlers) DeleteView(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	list, err := h.Views.Delete(c.Request().Context(), ActorFrom(c), id)
	return h.done(c, err, "view.done.deleted", urls.Views(string(list)))
}
