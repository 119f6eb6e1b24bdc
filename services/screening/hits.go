package screening

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

// HitsShown is how many hits a page of the list holds.
const HitsShown = 50

const hitColumns = `h.id, h.distributor_id, h.list, h.number, h.entry_id, h.identity, CAST(h.asked AS text), h.score, h.level, CAST(h.why AS text), h.state, h.cleared_until,
    COALESCE(h.consent_id, 0), h.version, h.found_at, h.updated_at, e.name, d.code, d.given_names, d.surnames, d.business_name, d.identity`

const hitTables = ` FROM screening_hits h JOIN sanctions_entries e ON e.id = h.entry_id JOIN distributors d ON d.id = h.distributor_id WHERE `

func scanHit(row pgx.CollectableRow) (h models.Hit, err error) {
	var asked, why string
	var p models.Payee
	err = row.Scan(&h.ID, &h.DistributorID, &h.List, &h.Number, &h.EntryID, &h.Identity, &asked, &h.Score, &h.Level, &why, &h.State, &h.ClearedUntil,
		&h.ConsentID, &h.Version, &h.FoundAt, &h.UpdatedAt, &h.EntryName, &h.Code, &p.GivenNames, &p.Surnames, &p.BusinessName, &h.IdentityNow)
	if err != nil {
		return h, err
	}
	h.Payee = p.Name()
	if err := json.Unmarshal([]byte(asked), &h.Asked); err != nil {
		return h, err
	}
	return h, json.Unmarshal([]byte(why), &h.Why)
}

func selectHits(ctx context.Context, q store.Querier, where string, args ...any) ([]models.Hit, error) {
	rows, err := q.Query(ctx, "SELECT "+hitColumns+hitTables+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHit)
}

// Hits is one page of hits, newest first, read by one query.
func (s *Service) Hits(ctx context.Context, f models.HitFilter, c store.Cursor) (store.Page[models.Hit], error) {
	where, args := "TRUE", pgx.NamedArgs{}
	and := func(condition, name string, value any) {
		where += " AND " + condition
		args[name] = value
	}
	switch f.State {
	case "":
	case models.HitWaiting:
		where += " AND h.state IN ('open','undecided')"
	default:
		and("h.state = @state", "state", string(f.State))
	}
	if f.Level != "" {
		and("h.level = @level", "level", string(f.Level))
	}
	if f.List != "" {
		and("h.list = @list", "list", string(f.List))
	}
	if f.Distributor != 0 {
		and("h.distributor_id = @distributor", "distributor", f.Distributor)
	}
	rows, err := selectHits(ctx, s.DB.Pool, where+" AND "+c.Where("", "h.id")+" ORDER BY "+c.Order("", "h.id")+" LIMIT "+strconv.Itoa(HitsShown+1), c.Bind(args))
	if err != nil {
		return store.Page[models.Hit]{}, fmt.Errorf("list hits: %w", err)
	}
	return store.MakePage(rows, HitsShown, c, func(h models.Hit) store.Cursor { return store.Cursor{ID: h.ID} }), nil
}

// HitCounts says how many hits are in each state.
func (s *Service) HitCounts(ctx context.Context) (map[models.HitState]int64, error) {
	rows, err := store.Select[struct {
		State models.HitState
		N     int64
	}](ctx, s.DB.Pool, `SELECT state, count(*) FROM screening_hits GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count hits: %w", err)
	}
	n := map[models.HitState]int64{}
	for _, r := range rows {
		n[r.State] = r.N
	}
	return n, nil
}

var errNoHit = models.Refuse(models.NotFound, "screening.hit_not_found", "There is no such hit.", nil)

const (
	latestEntry = `
SELECT e.id, e.list, e.number, e.data, e.since_id, v.loaded_at, coalesce(e.until_id, 0), u.loaded_at
FROM sanctions_entries e JOIN sanctions_versions v ON v.id = e.since_id LEFT JOIN sanctions_versions u ON u.id = e.until_id
WHERE e.list = $1 AND e.number = $2 ORDER BY e.id DESC LIMIT 1`
	decisionsOf = `SELECT from_state, to_state, until, comment, staff_name, at FROM screening_decisions WHERE hit_id = $1 ORDER BY id DESC`
	effectsOf   = `
SELECT count(*) FILTER (WHERE state IN ('in_batch','approved')), CAST(COALESCE(sum(amount) FILTER (WHERE state IN ('in_batch','approved')), 0) AS bigint),
    count(*) FILTER (WHERE state IN ('submitting','unknown','sent','available','on_hold')), CAST(COALESCE(sum(amount) FILTER (WHERE state IN ('submitting','unknown','sent','available','on_hold')), 0) AS bigint),
    (SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND state = 'eligible'),
    CAST(COALESCE((SELECT sum(amount) FROM commission_lines WHERE distributor_id = $1 AND state = 'eligible'), 0) AS bigint)
FROM payouts WHERE distributor_id = $1`
	distributorOf = `
SELECT d.id, d.code, d.person_kind, d.country, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames, d.business_name, d.phone, d.email, d.city, d.verification, d.version
FROM distributors d WHERE d.id = $1`
)

// Hit reads everything the page of a hit shows.
func (s *Service) Hit(ctx context.Context, id int64) (x models.HitDetail, err error) {
	list, err := selectHits(ctx, s.DB.Pool, "h.id = $1", id)
	if err != nil {
		return x, fmt.Errorf("read hit %d: %w", id, err)
	}
	if len(list) == 0 {
		return x, errNoHit
	}
	x.Hit = list[0]
	d := &x.Of
	err = s.DB.Pool.QueryRow(ctx, distributorOf, x.DistributorID).Scan(&d.ID, &d.Code, &d.PersonKind, &d.Country, &d.DocType, &d.DocNumber, &d.DocDV, &d.GivenNames, &d.Surnames,
		&d.BusinessName, &d.Phone, &d.Email, &d.City, &d.Verification, &d.Version)
	if err != nil {
		return x, fmt.Errorf("read distributor of hit %d: %w", id, err)
	}
	if x.Entry, err = s.Entry(ctx, x.EntryID); err != nil {
		return x, err
	}
	latest, err := store.SelectOne[entryRow](ctx, s.DB.Pool, latestEntry, x.List, x.Number)
	if err != nil {
		return x, fmt.Errorf("read entry of hit %d: %w", id, err)
	}
	if x.Latest, err = latest.listed(); err != nil {
		return x, err
	}
	if x.Decisions, err = store.Select[models.DecidedHit](ctx, s.DB.Pool, decisionsOf, id); err != nil {
		return x, fmt.Errorf("read decisions on hit %d: %w", id, err)
	}
	if x.Waiting, err = requests.OfSubject(ctx, s.DB.Pool, "screening_hit", id); err != nil {
		return x, err
	}
	x.Effects, err = s.effects(ctx, x.DistributorID)
	return x, err
}

// effects is the money that a hold on a distributor concerns.
func (s *Service) effects(ctx context.Context, distributor int64) (e models.HoldEffects, err error) {
	e.Amount, e.Payable, e.OnTheWay = models.Pesos(0), models.Pesos(0), models.Pesos(0)
	err = s.DB.Pool.QueryRow(ctx, effectsOf, distributor).Scan(&e.Payouts, &e.Amount.Minor, &e.AtRail, &e.OnTheWay.Minor, &e.Lines, &e.Payable.Minor)
	if err != nil {
		return e, fmt.Errorf("read effects on distributor %d: %w", distributor, err)
	}
	return e, nil
}

// lockHit locks the distributor first, as everybody who decides or pays does, then the hit.
func lockHit(tx *gorm.DB, distributor, id int64) (h models.Hit, err error) {
	if _, err := store.SelectTx[struct {
		ID       int64
		Identity int
	}](tx, lockSubjects, []int64{distributor}); err != nil {
		return h, fmt.Errorf("lock distributor %d: %w", distributor, err)
	}
	err = store.Conn(tx, func(c *pgx.Conn) error {
		list, err := selectHits(tx.Statement.Context, c, "h.id = $1 FOR UPDATE OF h", id)
		if err != nil {
			return fmt.Errorf("lock hit %d: %w", id, err)
		}
		if len(list) == 0 {
			return errNoHit
		}
		h = list[0]
		return nil
	})
	return h, err
}

// Decided is what came of a decision: at once, or a request that waits for a second person.
type Decided struct {
	Request int64 // 0 when it is done
}

// Decide records what a person decided on a hit seen at that version. To let a pair through that holds payouts needs a
// second person; everything else counts at once. The hold ends, or begins, in the same transaction.
func (s *Service) Decide(ctx context.Context, by models.Actor, id int64, seen int, d models.HitDecision) (done Decided, err error) {
	if err := forbid(by, models.PermScreeningDecide); err != nil {
		return done, err
	}
	distributor, err := s.distributorOf(ctx, id)
	if err != nil {
		return done, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done = Decided{}
		h, err := lockHit(tx, distributor, id)
		if err != nil {
			return err
		}
		if h.Version != seen {
			return models.Refuse(models.Conflict, "screening.refused.stale", "This hit changed after you opened it. Load it again before you decide.", nil)
		}
		if err := d.Check(h, models.Day(s.Now())); err != nil {
			return err
		}
		if !d.NeedsConsent(h) {
			return s.move(tx, by, h, d, 0)
		}
		done.Request, err = requests.Open(tx, by, requests.New{Kind: models.RequestClearHit, SubjectType: "screening_hit", SubjectID: id, Decides: models.PermScreeningDecide,
			Payload: clearance{d.Comment, d.Until.Format(time.DateOnly), h.Version}, Reason: d.Comment,
			Changes: []models.Change{{Field: "screening.change", Before: h.Payee + " – " + h.EntryName, After: d.Until.Format(time.DateOnly)}}})
		return err
	})
	return done, err
}

func (s *Service) distributorOf(ctx context.Context, hit int64) (id int64, err error) {
	r, err := store.SelectOne[struct{ ID int64 }](ctx, s.DB.Pool, `SELECT distributor_id FROM screening_hits WHERE id = $1`, hit)
	if err != nil {
		return 0, store.NotFound(fmt.Errorf("read hit %d: %w", hit, err), errNoHit.Key, errNoHit.Message)
	}
	return r.ID, nil
}

// clearance is what the request to let a pair through asks for.
type clearance struct {
	Comment string `json:"comment"`
	Until   string `json:"until"`
	Version int    `json:"version"` // of the hit: what the second person consents to is what the first one saw
}

// RequestKinds are the decisions that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	decides, sees := models.PermScreeningDecide, models.PermScreeningView
	return []requests.Kind{
		{Name: models.RequestClearHit, Decides: decides, Sees: sees, Apply: s.applyClearance},
		{Name: models.RequestThresholds, Decides: decides, Sees: sees, Apply: s.applyThresholds},
	}
}

func (s *Service) applyClearance(tx *gorm.DB, by models.Actor, r models.Request) error {
	var c clearance
	if err := json.Unmarshal(r.Payload, &c); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	until, err := time.Parse(time.DateOnly, c.Until)
	if err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT distributor_id FROM screening_hits WHERE id = $1`, r.SubjectID)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("read hit %d (%d rows): %w", r.SubjectID, len(rows), err)
	}
	h, err := lockHit(tx, rows[0].ID, r.SubjectID)
	if err != nil {
		return err
	}
	d := models.HitDecision{To: models.HitCleared, Comment: c.Comment, Until: &until}
	if h.Version != c.Version || h.Moved() {
		return models.Refuse(models.Conflict, "screening.refused.moved", "The hit is not what it was when this was asked for. Refuse the request and look again.", nil)
	}
	if err := d.Check(h, models.Day(s.Now())); err != nil {
		return err
	}
	return s.move(tx, by, h, d, r.ID)
}

const (
	saveHit = `
UPDATE screening_hits SET state = $2, cleared_until = $3, consent_id = NULLIF($4, 0), updated_at = $5, version = version + 1,
    found_at = CASE WHEN $2 = 'open' THEN $5 ELSE found_at END
WHERE id = $1 AND version = $6`
	suspendConfirmed = `
WITH was AS (SELECT id, verification FROM distributors WHERE id = $1 AND verification <> 'suspended'), moved AS (
    UPDATE distributors d SET verification = 'suspended', verified_until = NULL, version = d.version + 1, updated_at = now() FROM was WHERE was.id = d.id RETURNING d.id)
INSERT INTO verifications (distributor_id, from_state, to_state, reason, staff_id, staff_name)
SELECT was.id, was.verification, 'suspended', 'Decided by compliance.', $2, $3 FROM was JOIN moved USING (id)`
)

// move takes a hit, locked with its distributor, to what was decided, and lets the distributor's hold follow. Somebody
// who is confirmed is suspended, so that what was approved for them goes back; the words say no more than that.
func (s *Service) move(tx *gorm.DB, by models.Actor, h models.Hit, d models.HitDecision, consent int64) error {
	n, err := store.ExecTx(tx, saveHit, h.ID, d.To, d.Until, consent, s.Now(), h.Version)
	if err != nil || n != 1 {
		return fmt.Errorf("save hit %d (%d rows): %w", h.ID, n, err)
	}
	if _, err := store.ExecTx(tx, setHolds, []int64{h.DistributorID}); err != nil {
		return fmt.Errorf("set hold of distributor %d: %w", h.DistributorID, err)
	}
	if d.To == models.HitConfirmed {
		n, err := store.ExecTx(tx, suspendConfirmed, h.DistributorID, by.StaffID, by.Name)
		if err != nil {
			return fmt.Errorf("suspend distributor %d: %w", h.DistributorID, err)
		}
		if n == 1 {
			err := audit.Record(tx, audit.Entry{By: by, Action: "distributor.verify", SubjectType: "distributor", SubjectID: h.DistributorID, Reason: "Decided by compliance.",
				After: map[string]any{"state": models.Suspended}})
			if err != nil {
				return err
			}
		}
	}
	return s.note(tx, by, h.ID, h.State, d)
}
