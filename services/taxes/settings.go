package taxes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// RequestKinds are the changes that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{{Name: tax.RequestSettings, Decides: models.PermTaxConsent, Apply: s.apply}}
}

const (
	listVersions = `
SELECT id, valid_from AS "from", settings, reason, maker_name, decider_name, at FROM tax_versions ORDER BY id DESC LIMIT 200`
	lockVersions  = `LOCK TABLE tax_versions IN SHARE ROW EXCLUSIVE MODE`
	insertVersion = `
INSERT INTO tax_versions (valid_from, settings, reason, consent_id, maker_name, decider_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`
)

// Versions lists the settings there have been, the last agreed on first.
func (s *Service) Versions(ctx context.Context) ([]tax.Version, error) {
	list, err := store.Select[tax.Version](ctx, s.DB.Pool, listVersions)
	if err != nil {
		return nil, fmt.Errorf("list tax settings: %w", err)
	}
	return list, nil
}

// Requests lists what was asked for, newest first.
func (s *Service) Requests(ctx context.Context) ([]models.Request, error) {
	return requests.OfSubject(ctx, s.DB.Pool, "tax_settings", 0)
}

// proposal is the payload of a request for other settings.
type proposal struct {
	Seen     int64        `json:"seen"` // the last version that was on the screen
	From     string       `json:"from"`
	Settings tax.Settings `json:"settings"`
}

// Ask asks for other settings from a day on, and answers the request. seen is the last version that was on the screen.
func (s *Service) Ask(ctx context.Context, by models.Actor, seen int64, from time.Time, set tax.Settings, reason string) (request int64, err error) {
	if err := forbid(by, models.PermTaxEdit); err != nil {
		return 0, err
	}
	if err := s.check(from, set, reason); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := s.unchanged(tx, seen, from)
		if err != nil {
			return err
		}
		lines := changes(before, from, set)
		if len(lines) == 1 { // the day alone
			return models.Refuse(models.Conflict, "tax.refused.same", "These settings count on that day already.", nil)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: tax.RequestSettings, SubjectType: "tax_settings", Payload: proposal{seen, from.Format(time.DateOnly), set},
			Reason: reason, Decides: models.PermTaxConsent, Changes: lines})
		return err
	})
	return request, err
}

func (s *Service) check(from time.Time, set tax.Settings, reason string) error {
	err := set.Check()
	refusal, ok := err.(*models.Error)
	if !ok {
		refusal = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	}
	if from.Before(s.Today()) || from.After(s.Today().AddDate(1, 0, 0)) {
		_ = refusal.WithField("from", "tax.refused.settings_from")
	}
	if n := len([]rune(reason)); n == 0 || n > 1000 {
		_ = refusal.WithField("reason", "tax.refused.reason")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// unchanged answers what would count on a day, when the last version is still the one that was seen.
func (s *Service) unchanged(tx *gorm.DB, seen int64, day time.Time) (tax.Settings, error) {
	list, err := store.SelectTx[tax.Version](tx, listVersions)
	if err != nil {
		return tax.Settings{}, fmt.Errorf("list tax settings: %w", err)
	}
	last := int64(0)
	if len(list) > 0 {
		last = list[0].ID
	}
	if last != seen {
		return tax.Settings{}, models.Refuse(models.Conflict, "tax.refused.stale", "Other settings were agreed on after you opened the page. Load it again.", nil)
	}
	v, _ := tax.InForce(list, day)
	return v.Settings, nil
}

// apply is the consent: the settings count from their day on.
func (s *Service) apply(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p proposal
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	from, err := time.Parse(time.DateOnly, p.From)
	if err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if from.Before(s.Today()) {
		return models.Refuse(models.Conflict, "tax.refused.over", "The day from which the settings were to count is over. Ask again with a later one.", nil)
	}
	if _, err := store.ExecTx(tx, lockVersions); err != nil {
		return fmt.Errorf("lock tax settings: %w", err)
	}
	before, err := s.unchanged(tx, p.Seen, from)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(p.Settings)
	if err != nil {
		return err
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertVersion, from, string(settings), r.Reason, r.ID, r.MakerName, by.Name, s.Now())
	if err != nil {
		return fmt.Errorf("save tax settings: %w", err)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "tax.settings", SubjectType: "tax_settings", SubjectID: rows[0].ID, Reason: r.Reason,
		Before: before, After: map[string]any{"from": p.From, "settings": p.Settings}})
}

// changes are what settings say against those that count on their day, as the second person reads them.
func changes(a tax.Settings, from time.Time, b tax.Settings) []models.Change {
	list := []models.Change{{Field: "tax.from", After: from.Format(time.DateOnly)}}
	text := func(field, was, will string) {
		if was != will {
			list = append(list, models.Change{Field: field, Before: was, After: will})
		}
	}
	text("tax.agent_income", yes(a.Income), yes(b.Income))
	text("tax.agent_reteiva", yes(a.ReteIVA), yes(b.ReteIVA))
	text("tax.iva_rate", a.IVA.Percent(), b.IVA.Percent())
	text("tax.tariffs", tariffs(a.Tariffs), tariffs(b.Tariffs))
	text("tax.simple_ica", yes(a.SimpleICA), yes(b.SimpleICA))
	text("tax.step", pesos(a.Step), pesos(b.Step))
	text("tax.minimum_step", pesos(a.MinimumStep), pesos(b.MinimumStep))
	text("tax.years", years(a.Years), years(b.Years))
	return list
}

func yes(b bool) string {
	if b {
		return "ui.yes"
	}
	return "ui.no"
}

func pesos(n int64) string { return models.Pesos(n).String() }

func tariffs(list []tax.Tariff) string {
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = t.Divipola + " " + tax.PlaceName(t.Divipola)
		if t.Rate > 0 {
			parts[i] += " " + t.Rate.PerMil()
		}
		if t.MinUVT > 0 {
			parts[i] += fmt.Sprintf(" ≥ %d UVT", t.MinUVT)
		}
	}
	return strings.Join(parts, " · ")
}

func years(list []tax.YearUVT) string {
	parts := make([]string, len(list))
	for i, y := range list {
		parts[i] = fmt.Sprintf("%d %s", y.Year, y.UVT)
	}
	return strings.Join(parts, " · ")
}
