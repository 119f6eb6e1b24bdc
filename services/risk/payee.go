package risk

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// PageSize is how many payees a page of the list holds.
const PageSize = 50

func named(args map[string]any) pgx.NamedArgs { return pgx.NamedArgs(args) }

const (
	scoreColumns = `r.distributor_id, r.score, r.scored, r.band, r.fired, r.version_id, COALESCE(r.override_id, 0), r.at, d.code,
    trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames)`
	scoreTables = ` FROM risk_scores r JOIN distributors d ON d.id = r.distributor_id WHERE `
)

// List is one page of scored payees, the newest record first, read by one query.
func (s *Service) List(ctx context.Context, by models.Actor, f models.RiskFilter, c store.Cursor) (store.Page[models.RiskScore], error) {
	if err := forbid(by, models.PermRiskView); err != nil {
		return store.Page[models.RiskScore]{}, err
	}
	where, args := c.Where("", "r.distributor_id"), pgx.NamedArgs{}
	if f.Band != "" {
		where += " AND r.band = @band"
		args["band"] = string(f.Band)
	}
	if f.Rule != "" {
		where += ` AND r.fired @> jsonb_build_array(jsonb_build_object('kind', CAST(@rule AS text)))`
		args["rule"] = string(f.Rule)
	}
	if f.Overridden {
		where += " AND r.override_id IS NOT NULL"
	}
	rows, err := store.Select[models.RiskScore](ctx, s.DB.Pool, "SELECT "+scoreColumns+scoreTables+where+" ORDER BY "+c.Order("", "r.distributor_id")+" LIMIT "+strconv.Itoa(PageSize+1), c.Bind(args))
	if err != nil {
		return store.Page[models.RiskScore]{}, fmt.Errorf("list risk scores: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r models.RiskScore) store.Cursor { return store.Cursor{ID: r.DistributorID} }), nil
}

const overridesOf = `SELECT id, band, until, reason, maker_name, decider_name, at FROM risk_overrides WHERE distributor_id = $1 ORDER BY id DESC LIMIT 20`

// Of is where one payee stands, and why; nothing for who may not know.
func (s *Service) Of(ctx context.Context, by models.Actor, distributor int64) (d models.RiskDetail, err error) {
	if err := forbid(by, models.PermRiskView); err != nil {
		return d, err
	}
	rows, err := store.Select[models.RiskScore](ctx, s.DB.Pool, "SELECT "+scoreColumns+scoreTables+"r.distributor_id = $1", distributor)
	if err != nil {
		return d, fmt.Errorf("read risk of distributor %d: %w", distributor, err)
	}
	d.DistributorID = distributor
	if len(rows) == 1 {
		d.RiskScore, d.Known = rows[0], true
	}
	if d.Overrides, err = store.Select[models.RiskOverride](ctx, s.DB.Pool, overridesOf, distributor); err != nil {
		return d, fmt.Errorf("read words on the risk of distributor %d: %w", distributor, err)
	}
	waiting, err := requests.OfSubject(ctx, s.DB.Pool, "risk_score", distributor)
	for _, r := range waiting {
		if r.State == models.RequestOpen {
			d.Waiting = r.ID
		}
	}
	return d, err
}

var errNotScored = models.Refuse(models.NotFound, "risk.not_scored", "This payee was not scored yet. Look again in a minute.", nil)

// AskOverride asks for a person's word in place of a score, and answers the request. It counts when a second person
// consents, until its day.
func (s *Service) AskOverride(ctx context.Context, by models.Actor, distributor int64, w models.RiskWord) (request int64, err error) {
	if err := forbid(by, models.PermRiskEdit); err != nil {
		return 0, err
	}
	d, err := s.Of(ctx, by, distributor)
	if err != nil {
		return 0, err
	}
	if !d.Known {
		return 0, errNotScored
	}
	if err := w.Check(d.RiskScore, s.Today()); err != nil {
		return 0, err
	}
	after := string(w.Band) + " – "
	p := override{Band: w.Band}
	if w.Band != "" {
		p.Until = w.Until.Format(time.DateOnly)
		after += p.Until
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestRiskOverride, SubjectType: "risk_score", SubjectID: distributor, SubjectName: d.Code, Payload: p,
			Reason: w.Reason, Decides: models.PermRiskEdit, Changes: []models.Change{{Field: "risk.band_label", Before: string(d.Band), After: after}}})
		return err
	})
	return request, err
}

// override is the payload of a request for a person's word.
type override struct {
	Band  models.RiskBand `json:"band"`
	Until string          `json:"until,omitempty"`
}

const insertOverride = `
INSERT INTO risk_overrides (distributor_id, band, until, reason, consent_id, maker_name, decider_name, at)
VALUES ($1, $2, CAST(nullif($3, '') AS date), $4, $5, $6, $7, $8)`

func (s *Service) applyOverride(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p override
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if p.Until != "" && p.Until < s.Today().Format(time.DateOnly) {
		return models.Refuse(models.Conflict, "risk.refused.over", "The day until which it was to count is over. Ask again.", nil)
	}
	if err := lock(tx); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, insertOverride, r.SubjectID, p.Band, p.Until, r.Reason, r.ID, r.MakerName, by.Name, s.Now()); err != nil {
		return fmt.Errorf("keep word on the risk of distributor %d: %w", r.SubjectID, err)
	}
	if _, err := s.score(tx, "d.id = ANY(@ids)", map[string]any{"ids": []int64{r.SubjectID}}); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "risk.override", SubjectType: "risk_score", SubjectID: r.SubjectID, Reason: r.Reason, After: p})
}
