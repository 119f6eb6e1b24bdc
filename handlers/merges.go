package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/distributors"
	pages "pagaduria/views/distributors"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

type mergeForm struct {
	Survivor int      `form:"survivor_version"`
	Absorbed int      `form:"absorbed_version"`
	Take     []string `form:"take"`
	Reason   string   `form:"reason"`
}

// PrepareMerge is GET urls.PrepareMergePattern: both records side by side, and what making them one would do.
func (h *Handlers) PrepareMerge(c echo.Context) error {
	return h.showMergePlan(c, http.StatusOK, mergeForm{}, nil)
}

func (h *Handlers) showMergePlan(c echo.Context, status int, f mergeForm, refusal error) error {
	survivor, absorbed, err := pathPair(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.MergePlanPage{Page: h.page(c, i18n.T(ctx, "merges.prepare"), "distributors"), Today: h.Distributors.Today(), Take: f.Take, Reason: f.Reason,
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if p.Plan, err = h.Distributors.MergePlan(ctx, survivor, absorbed); err != nil {
		return err
	}
	return render(c, status, pages.PrepareMerge(p))
}

// AskMerge is POST urls.PrepareMergePattern.
func (h *Handlers) AskMerge(c echo.Context) error {
	survivor, absorbed, err := pathPair(c)
	if err != nil {
		return err
	}
	var f mergeForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ask := distributors.MergeAsk{SurvivorID: survivor, AbsorbedID: absorbed, SurvivorVersion: f.Survivor, AbsorbedVersion: f.Absorbed, Reason: f.Reason}
	for _, part := range f.Take {
		ask.Taken = append(ask.Taken, models.MergePart(part))
	}
	id, err := h.Distributors.AskMerge(c.Request().Context(), ActorFrom(c), ask)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showMergePlan(c, Status(err), f, err)
	}
	return h.done(c, err, "merges.asked_flash", urls.Merge(id))
}

// Merge is GET urls.MergePattern.
func (h *Handlers) Merge(c echo.Context) error {
	p, err := h.mergePage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Merge(p))
}

func (h *Handlers) mergePage(c echo.Context) (p pages.MergePage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Of, err = h.Distributors.Merge(ctx, id); err != nil {
		return p, err
	}
	p.Today = h.Distributors.Today()
	p.Page = h.page(c, i18n.T(ctx, "merges.title", "Absorbed", p.Of.AbsorbedCode, "Survivor", p.Of.SurvivorCode), "distributors")
	return p, nil
}

// PrepareUnmerge is GET urls.UnmergePattern.
func (h *Handlers) PrepareUnmerge(c echo.Context) error {
	return h.showUnmerge(c, http.StatusOK, "", nil)
}

func (h *Handlers) showUnmerge(c echo.Context, status int, reason string, refusal error) error {
	p, err := h.mergePage(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p.Title, p.Reason, p.Wrong = i18n.T(ctx, "merges.undo_title"), reason, fieldErrors(ctx, refusal)["reason"]
	if models.KindOf(refusal) == models.Conflict {
		p.Problem = Sentence(ctx, refusal)
	}
	return render(c, status, pages.Unmerge(p))
}

// AskUnmerge is POST urls.UnmergePattern.
func (h *Handlers) AskUnmerge(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f reasonForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Distributors.AskUnmerge(c.Request().Context(), ActorFrom(c), id, f.Reason)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showUnmerge(c, Status(err), f.Reason, err)
	}
	return h.done(c, err, "merges.undo_asked_flash", urls.Merge(id))
}
