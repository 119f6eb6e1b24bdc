package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/queue"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// RequestKinds are the changes that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{{Name: models.RequestAttributionRules, Decides: models.PermAttributionConsent, Apply: s.enforceAttribution}}
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

// reasoned refuses a change without a reason.
func reasoned(reason string) error {
	if n := len([]rune(reason)); n > 0 && n <= 1000 {
		return nil
	}
	return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "attribution.refused.reason")
}

const selectAttribution = `SELECT id, rules, reason, maker_name, at FROM attribution_versions ORDER BY id DESC LIMIT `

// AttributionVersions lists the sets of rules, the one in force first.
func (s *Service) AttributionVersions(ctx context.Context) ([]models.AttributionVersion, error) {
	list, err := store.Select[models.AttributionVersion](ctx, s.DB.Pool, selectAttribution+"50")
	if err != nil {
		return nil, fmt.Errorf("list versions of attribution rules: %w", err)
	}
	return list, nil
}

func attributionInForce(ctx context.Context, q store.Querier) (models.AttributionVersion, error) {
	v, err := store.SelectOne[models.AttributionVersion](ctx, q, selectAttribution+"1")
	if err != nil {
		return v, fmt.Errorf("read attribution rules: %w", err)
	}
	return v, nil
}

// attributionProposal is the payload of a request for other rules: the draft, and what was in force when it was made.
type attributionProposal struct {
	Seen  int64                   `json:"seen"`
	Rules models.AttributionRules `json:"rules"`
}

var errAttributionStale = models.Refuse(models.Conflict, "attribution.refused.stale", "Other rules came in force after you opened the page. Load it again.", nil)

// AskAttribution asks for other rules, and answers the request. They come in force when a second person consents.
func (s *Service) AskAttribution(ctx context.Context, by models.Actor, seen int64, r models.AttributionRules, reason string) (request int64, err error) {
	if err := forbid(by, models.PermAttributionEdit); err != nil {
		return 0, err
	}
	if err := r.Check(); err != nil {
		return 0, err
	}
	if err := reasoned(reason); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		was, err := attributionInForceTx(tx)
		if err != nil {
			return err
		}
		if was.ID != seen {
			return errAttributionStale
		}
		before, after := ruleLine(was.Rules), ruleLine(r)
		if before == after {
			return models.Refuse(models.Conflict, "attribution.refused.same", "These rules are in force already.", nil)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestAttributionRules, SubjectType: "attribution_rules",
			Payload: attributionProposal{seen, r}, Reason: reason, Decides: models.PermAttributionConsent,
			Changes: []models.Change{{Field: "attribution.rules", Before: before, After: after}}})
		return err
	})
	return request, err
}

// ruleLine is a set of rules as the second person reads it.
func ruleLine(r models.AttributionRules) string {
	parts := make([]string, len(r))
	for i, x := range r {
		parts[i] = string(x.Source)
		if x.Prefix != "" {
			parts[i] += " " + x.Prefix + "…"
		}
		if x.Digits {
			parts[i] += " …0-9"
		}
	}
	return strings.Join(parts, " → ")
}

func attributionInForceTx(tx *gorm.DB) (v models.AttributionVersion, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		v, err = attributionInForce(tx.Statement.Context, c)
		return err
	})
	return v, err
}

const (
	lockAttribution   = `LOCK TABLE attribution_versions IN SHARE ROW EXCLUSIVE MODE`
	insertAttribution = `INSERT INTO attribution_versions (rules, reason, consent_id, maker_name, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`
)

// enforceAttribution is the consent: the rules are in force, and orders that are nobody's are looked at again.
func (s *Service) enforceAttribution(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p attributionProposal
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if _, err := store.ExecTx(tx, lockAttribution); err != nil {
		return fmt.Errorf("lock attribution rules: %w", err)
	}
	was, err := attributionInForceTx(tx)
	if err != nil {
		return err
	}
	if was.ID != p.Seen {
		return errAttributionStale
	}
	rules, err := json.Marshal(p.Rules)
	if err != nil {
		return err
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertAttribution, string(rules), r.Reason, r.ID, r.MakerName, s.Now())
	if err != nil {
		return fmt.Errorf("save attribution rules: %w", err)
	}
	if err := queue.Insert(tx, AttributeArgs{}, nil); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "attribution.rules", SubjectType: "attribution_rules", SubjectID: rows[0].ID, Reason: r.Reason, Before: was.Rules, After: p.Rules})
}

// A trial looks at so many of the newest orders, and shows so many that differ.
const (
	triedOrders  = 1000
	shownTrials  = 20
	newestOrders = `
SELECT o.id, o.number, o.discount_code, o.note_code, o.link_code, o.phone, COALESCE(o.distributor_id, 0), o.attributed_by, COALESCE(d.code, '')
FROM orders o LEFT JOIN distributors d ON d.id = o.distributor_id ORDER BY o.placed_at DESC, o.id DESC LIMIT $1`
)

// TryAttribution answers what other rules would make of the newest orders, and changes nothing. What people attributed
// stays as it is.
func (s *Service) TryAttribution(ctx context.Context, r models.AttributionRules) (models.AttributionTrial, error) {
	t := models.AttributionTrial{Before: map[models.AttributionSource]int{}, After: map[models.AttributionSource]int{}}
	if err := r.Check(); err != nil {
		return t, err
	}
	type row struct {
		ID                                int64
		Number, Discount, Note, Link, Tel string
		Distributor                       int64
		By                                models.AttributionSource
		Code                              string
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, newestOrders, triedOrders)
	if err != nil {
		return t, fmt.Errorf("read orders to try rules on: %w", err)
	}
	all := make([]models.OrderCodes, len(rows))
	for i, o := range rows {
		all[i] = models.OrderCodes{Discount: o.Discount, Note: o.Note, Link: o.Link, Phone: o.Tel}
	}
	found, err := s.find(ctx, s.DB.Pool, r, all)
	if err != nil {
		return t, err
	}
	names, err := codesOf(ctx, s.DB.Pool, found)
	if err != nil {
		return t, err
	}
	for i, o := range rows {
		will := found[i]
		if o.By == models.AttributedHand || o.By == models.AttributedHouse {
			will = finding{o.Distributor, o.By}
		}
		t.Looked++
		t.Before[o.By]++
		t.After[will.by]++
		if will.distributor == o.Distributor {
			continue
		}
		if t.Differing++; len(t.Samples) < shownTrials {
			t.Samples = append(t.Samples, models.AttributionTried{OrderID: o.ID, Number: o.Number, Code: firstCode(all[i]), Was: o.Code, WasBy: o.By,
				Will: names[will.distributor], WillBy: will.by})
		}
	}
	return t, nil
}

// firstCode is the code of an order as lists show it.
func firstCode(c models.OrderCodes) string {
	for _, code := range []string{c.Discount, c.Note, c.Link} {
		if code != "" {
			return code
		}
	}
	return ""
}

func codesOf(ctx context.Context, q store.Querier, found []finding) (map[int64]string, error) {
	ids := make([]int64, 0, len(found))
	for _, f := range found {
		if f.distributor != 0 {
			ids = append(ids, f.distributor)
		}
	}
	rows, err := store.Select[struct {
		ID   int64
		Code string
	}](ctx, q, `SELECT id, code FROM distributors WHERE id = ANY($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("read distributors: %w", err)
	}
	names := make(map[int64]string, len(rows))
	for _, r := range rows {
		names[r.ID] = r.Code
	}
	return names, nil
}

const (
	listCodes = `
SELECT c.id, c.code, c.distributor_id, d.code, ` + distributorName + `, c.created_at
FROM attribution_codes c JOIN distributors d ON d.id = c.distributor_id ORDER BY c.code LIMIT 500`
	// A code that is another distributor's own one would be two people's.
	insertCode = `
INSERT INTO attribution_codes (code, distributor_id, created_at)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM distributors WHERE code = $1 AND COALESCE(merged_into, id) <> $2)
ON CONFLICT DO NOTHING RETURNING id`
	dropCode        = `DELETE FROM attribution_codes c USING distributors d WHERE c.id = $1 AND d.id = c.distributor_id RETURNING c.code, d.code`
	distributorName = `CASE WHEN d.business_name <> '' THEN d.business_name ELSE btrim(d.given_names || ' ' || d.surnames) END`
	byCode          = `SELECT COALESCE(merged_into, id) FROM distributors WHERE code = $1`
)

// AttributionCodes lists the codes that distributors hand out beside their own.
func (s *Service) AttributionCodes(ctx context.Context) ([]models.AttributionCode, error) {
	list, err := store.Select[models.AttributionCode](ctx, s.DB.Pool, listCodes)
	if err != nil {
		return nil, fmt.Errorf("list attribution codes: %w", err)
	}
	return list, nil
}

// distributorOf finds a distributor by the own code.
func distributorOf(tx *gorm.DB, typed string) (int64, error) {
	ids, err := store.SelectTx[struct{ ID int64 }](tx, byCode, strings.TrimSpace(typed))
	if err == nil && len(ids) == 0 {
		ids, err = store.SelectTx[struct{ ID int64 }](tx, byCode, models.CodeOf(typed))
	}
	if err != nil {
		return 0, fmt.Errorf("find distributor %q: %w", typed, err)
	}
	if len(ids) == 0 {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).
			WithField("distributor", "attribution.refused.distributor")
	}
	return ids[0].ID, nil
}

// GiveCode says whose a code is, and looks at the orders that are nobody's again.
func (s *Service) GiveCode(ctx context.Context, by models.Actor, typed, distributor string) error {
	if err := forbid(by, models.PermAttributionEdit); err != nil {
		return err
	}
	code := models.CodeOf(typed)
	if code == "" || len(code) > 40 {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("code", "attribution.refused.code")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err := distributorOf(tx, distributor)
		if err != nil {
			return err
		}
		ids, err := store.SelectTx[struct{ ID int64 }](tx, insertCode, code, id, s.Now())
		if err != nil {
			return fmt.Errorf("give code %s: %w", code, err)
		}
		if len(ids) == 0 {
			return models.Refuse(models.Conflict, "attribution.refused.taken", "This code belongs to a distributor already.", nil).WithField("code", "attribution.refused.taken")
		}
		if err := queue.Insert(tx, AttributeArgs{}, nil); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "attribution.code", SubjectType: "distributor", SubjectID: id, After: map[string]any{"code": code}})
	})
}

// TakeCode takes a code back. Orders that were attributed by it stay whose they are.
func (s *Service) TakeCode(ctx context.Context, by models.Actor, id int64) error {
	if err := forbid(by, models.PermAttributionEdit); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ Code, Distributor string }](tx, dropCode, id)
		if err != nil {
			return fmt.Errorf("take code %d back: %w", id, err)
		}
		if len(rows) == 0 {
			return models.Refuse(models.NotFound, "attribution.refused.no_code", "There is no such code.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "attribution.code_back", SubjectType: "attribution_rules",
			Before: map[string]any{"code": rows[0].Code, "distributor": rows[0].Distributor}})
	})
}
