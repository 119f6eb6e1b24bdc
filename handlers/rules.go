package handlers

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/views/i18n"
	view "pagaduria/views/rules"
	"pagaduria/views/urls"
)

// RuleList is GET urls.RulesPattern.
func (h *Handlers) RuleList(c echo.Context) error {
	ctx := c.Request().Context()
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "rules.title"), "rules")}
	status := http.StatusOK
	var err error
	if p.Versions, err = h.Payouts.RuleVersions(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of approval rules failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	p.Open = slices.ContainsFunc(p.Versions, func(v models.RulesVersion) bool {
		return v.State == models.RulesDraft || v.State == models.RulesWaiting
	})
	p.MayDraft = ActorFrom(c).May(models.PermRulesEdit) && !p.Open && p.Failed == ""
	return render(c, status, view.List(p))
}

// DraftRules is POST urls.RulesPattern.
func (h *Handlers) DraftRules(c echo.Context) error {
	id, err := h.Payouts.DraftRules(c.Request().Context(), ActorFrom(c))
	return h.done(c, err, "rules.done.drafted", urls.RuleVersion(id))
}

// RuleVersion is GET urls.RuleVersionPattern.
func (h *Handlers) RuleVersion(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showRules(c, id, http.StatusOK, view.Typed{}, "")
}

func (h *Handlers) showRules(c echo.Context, id int64, status int, typed view.Typed, problem string) error {
	ctx := c.Request().Context()
	v, err := h.Payouts.RuleVersion(ctx, id)
	if err != nil {
		return err
	}
	p := view.ShowPage{Page: h.page(c, i18n.T(ctx, "rules.version", "Number", strconv.Itoa(v.Number)), "rules"), Version: v, Typed: typed, Problem: problem,
		MayEdit: v.EditableBy(ActorFrom(c)) == nil}
	if p.Approvers, err = h.Payouts.Approvers(ctx, v); err != nil {
		return err
	}
	p.Faults = v.Faults(p.Approvers)
	if v.State == models.RulesWaiting {
		list, err := requests.OfSubject(ctx, h.DB.Pool, "rules", id)
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.State == models.RequestOpen {
				p.Request = r.ID
			}
		}
	}
	return render(c, status, view.Show(p))
}

// rulesForm is one change of a draft as its page sends it.
type rulesForm struct {
	Version int      `form:"version"`
	Do      string   `form:"do"`
	Rule    int      `form:"rule"`
	Block   int      `form:"block"`
	At      int      `form:"at"`
	Name    string   `form:"name"`
	Kind    string   `form:"kind"`
	Amount  string   `form:"amount"`
	Days    int      `form:"days"`
	Methods []string `form:"method"`
	Risks   []string `form:"risk"`
	Mode    string   `form:"mode"`
	Count   int      `form:"count"`
	Roles   []string `form:"role"`
	People  []int64  `form:"person"`
	Note    string   `form:"note"`
}

func (f rulesForm) typed() view.Typed {
	t := view.Typed{Do: f.Do, Rule: f.Rule, Block: f.Block, Name: f.Name, Kind: f.Kind, Amount: f.Amount, Mode: f.Mode, Methods: f.Methods, Risks: f.Risks, Roles: f.Roles, People: f.People}
	if f.Days > 0 {
		t.Days = strconv.Itoa(f.Days)
	}
	if f.Count > 0 {
		t.Count = strconv.Itoa(f.Count)
	}
	return t
}

// edit is the change that the form asks for; of a condition only what its kind needs is kept. An amount that cannot be
// read stays zero, which no condition takes.
func (f rulesForm) edit() models.RulesEdit {
	e := models.RulesEdit{Do: f.Do, Rule: f.Rule, Block: f.Block, Condition: f.At, Step: f.At, Name: strings.Join(strings.Fields(f.Name), " "), Days: f.Days}
	e.NewCond.Kind = models.ConditionKind(f.Kind)
	switch e.NewCond.Kind {
	case models.CondTotal, models.CondItemAmount:
		e.NewCond.Amount, _ = models.ParsePesos(strings.NewReplacer(".", "", " ", "", "$", "", ",", "").Replace(f.Amount))
	case models.CondNetwork:
		e.NewCond.Methods = each(f.Methods, func(s string) models.MethodKind { return models.MethodKind(s) })
	case models.CondChangedAccount:
		e.NewCond.Days = f.Days
	case models.CondRisk:
		e.NewCond.Risks = each(f.Risks, func(s string) models.Risk { return models.Risk(s) })
	}
	e.NewStep = models.ApprovalStep{Mode: models.StepMode(f.Mode), Roles: each(f.Roles, func(s string) models.Role { return models.Role(s) }), People: f.People}
	if e.NewStep.Mode == models.StepNOf {
		e.NewStep.Count = f.Count
	}
	return e
}

func readRulesForm(c echo.Context) (id int64, f rulesForm, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return 0, f, err
	}
	return id, f, decode(c, &f)
}

// EditRules is POST urls.RuleVersionPattern.
func (h *Handlers) EditRules(c echo.Context) error {
	id, f, err := readRulesForm(c)
	if err != nil {
		return err
	}
	err = h.Payouts.EditRules(c.Request().Context(), ActorFrom(c), id, f.Version, f.edit())
	if err != nil {
		return h.refusedRules(c, id, f.typed(), err)
	}
	at := ""
	if f.Do != "add_rule" && f.Do != "expire" && f.Do != "drop_rule" {
		at = "#rule-" + strconv.Itoa(f.Rule)
	}
	return seeOther(c, urls.RuleVersion(id)+at)
}

// refusedRules answers a refused change with the version as it is now, and what was typed.
func (h *Handlers) refusedRules(c echo.Context, id int64, typed view.Typed, err error) error {
	if kind := models.KindOf(err); kind == "" || kind == models.NotFound {
		return err
	}
	return h.showRules(c, id, Status(err), typed, Sentence(c.Request().Context(), err))
}

// DropRules is POST urls.DropRulesPattern.
func (h *Handlers) DropRules(c echo.Context) error {
	id, f, err := readRulesForm(c)
	if err != nil {
		return err
	}
	if err := h.Payouts.DropRules(c.Request().Context(), ActorFrom(c), id, f.Version); err != nil {
		return h.refusedRules(c, id, view.Typed{}, err)
	}
	return h.done(c, nil, "rules.done.dropped", urls.Rules())
}

// RulesTrial is GET urls.TryRulesPattern: what came of the last trial of a version.
func (h *Handlers) RulesTrial(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := view.TryPage{Page: h.page(c, i18n.T(ctx, "rules.tried.title"), "rules")}
	if p.Version, err = h.Payouts.RuleVersion(ctx, id); err != nil {
		return err
	}
	if p.Check, err = h.lastCheck(c, p.Page, models.CheckRules, id, &p.Trial); err != nil {
		return err
	}
	inForce, err := h.Payouts.RulesInForce(ctx)
	if err != nil {
		return err
	}
	p.Stale = p.Trial.Stale(p.Version, inForce)
	both := p.Trial.Version
	both.Rules = slices.Concat(p.Trial.Version.Rules, p.Trial.InForce.Rules)
	if p.Approvers, err = h.Payouts.Approvers(ctx, both); err != nil {
		return err
	}
	if asksCheck(c) {
		return render(c, http.StatusOK, view.Tried(p))
	}
	return render(c, http.StatusOK, view.Try(p))
}

// TryRules is POST urls.TryRulesPattern: has a version tried out on past batches.
func (h *Handlers) TryRules(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.startCheck(c, models.CheckRules, id, urls.TryRules(id))
}

// AskPublishRules is GET urls.PublishRulesPattern.
func (h *Handlers) AskPublishRules(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.askPublish(c, id, "", nil)
}

func (h *Handlers) askPublish(c echo.Context, id int64, typed string, refused error) error {
	ctx := c.Request().Context()
	v, err := h.Payouts.RuleVersion(ctx, id)
	if err != nil {
		return err
	}
	if err := v.EditableBy(ActorFrom(c)); err != nil {
		return h.refusedRules(c, id, view.Typed{}, err)
	}
	status := http.StatusOK
	if refused != nil {
		status = Status(refused)
	}
	p := view.PublishPage{Page: h.page(c, i18n.T(ctx, "rules.publish.open"), "rules"), Version: v, Typed: typed, Problem: Sentence(ctx, refused)}
	return render(c, status, view.Publish(p))
}

// PublishRules is POST urls.PublishRulesPattern.
func (h *Handlers) PublishRules(c echo.Context) error {
	id, f, err := readRulesForm(c)
	if err != nil {
		return err
	}
	request, err := h.Payouts.PublishRules(c.Request().Context(), ActorFrom(c), id, f.Version, cut(f.Note, 1000))
	switch {
	case models.KindOf(err) == models.Invalid:
		return h.askPublish(c, id, f.Note, err)
	case err != nil:
		return h.refusedRules(c, id, view.Typed{}, err)
	}
	return h.done(c, nil, "rules.done.asked", urls.Request(request))
}
