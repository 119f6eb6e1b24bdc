package screening

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Current is true of a distributor d who was compared with the lists in force as they are called now, or when there is no
// list. Nobody else is paid.
const Current = `(NOT EXISTS (SELECT 1 FROM sanctions_versions)
    OR EXISTS (SELECT 1 FROM screenings sc WHERE sc.distributor_id = d.id AND sc.identity = d.identity
        AND sc.through_id >= (SELECT max(id) FROM sanctions_versions)))`

// RescreenArgs is the job that compares everybody who is due: new, renamed, or compared with an earlier version. It is
// safe to run twice.
type RescreenArgs struct{}

// Kind names the job in the queue.
func (RescreenArgs) Kind() string { return "screening.rescreen" }

// InsertOpts keeps one waiting job; another one may be at work, which may have passed by whom this one is for.
func (RescreenArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queue.Bulk, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// portion is how many distributors are compared between two transactions.
const portion = 2000

const due = `
SELECT d.id, d.identity, d.person_kind, d.country, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames, d.business_name,
    COALESCE(CASE WHEN s.identity = d.identity AND s.thresholds_id = $3 THEN s.through_id END, 0)
FROM distributors d LEFT JOIN screenings s ON s.distributor_id = d.id
WHERE d.id > $1 AND (s.distributor_id IS NULL OR s.identity <> d.identity OR s.through_id < $2 OR s.thresholds_id <> $3)
ORDER BY d.id LIMIT $4`

// subject is one distributor as it is compared.
type subject struct {
	ID           int64
	Identity     int
	PersonKind   string
	Country      string
	DocType      string
	DocNumber    string
	DocDV        string
	GivenNames   string
	Surnames     string
	BusinessName string
	Through      int64 // compared with everything up to this version already
	named        []Named
	hits         []foundHit
}

// foundHit is a hit with the row of its entry and the name that was compared.
type foundHit struct {
	sanctions.Hit
	row   listedRow
	asked models.AskedOf
}

func (s subject) asked() models.AskedOf {
	return models.AskedOf{Name: (models.Payee{GivenNames: s.GivenNames, Surnames: s.Surnames}).Name(), Business: s.BusinessName, DocType: s.DocType, Document: s.DocNumber}
}

// search compares a person by name, by the name of their business, and by document.
func (s subject) search(x *sanctions.Index, least int) []sanctions.Hit {
	q := sanctions.Query{Name: s.GivenNames + " " + s.Surnames, Kind: sanctions.Person, DocumentType: s.DocType, DocumentNumber: s.DocNumber, Country: s.Country}
	if s.GivenNames+s.Surnames == "" {
		q.Name, q.Kind = s.BusinessName, sanctions.Company
		return x.Search(q, least)
	}
	hits := x.Search(q, least)
	if s.BusinessName == "" {
		return hits
	}
	for _, h := range x.Search(sanctions.Query{Name: s.BusinessName, Kind: sanctions.Company}, least) {
		known := false
		for _, k := range hits {
			known = known || k.Entry == h.Entry
		}
		if !known {
			hits = append(hits, h)
		}
	}
	return hits
}

// rules are the thresholds in force, and which row they are.
type rules struct {
	ID int64
	sanctions.Thresholds
}

func (s *Service) rules(ctx context.Context) (rules, error) {
	type row struct {
		ID           int64
		Review, Hold int
	}
	r, err := store.SelectOne[row](ctx, s.DB.Pool, `SELECT id, review, hold FROM screening_thresholds ORDER BY id DESC LIMIT 1`)
	if err != nil {
		return rules{}, fmt.Errorf("read thresholds: %w", err)
	}
	return rules{r.ID, sanctions.Thresholds{Review: r.Review, Hold: r.Hold}}, nil
}

// Rescreen compares everybody who is due, a portion at a time, and answers how many. Whoever was compared with an earlier
// version is compared with what changed since. When a list comes in force meanwhile, those already compared are due again.
func (s *Service) Rescreen(ctx context.Context) (n int, err error) {
	if err := s.endClearances(ctx); err != nil {
		return 0, err
	}
	for after := int64(0); ; {
		l, err := s.inForce(ctx)
		if err != nil || l.through == 0 {
			return n, err
		}
		r, err := s.rules(ctx)
		if err != nil {
			return n, err
		}
		list, err := store.Select[subjectRow](ctx, s.DB.Pool, due, after, l.through, r.ID, portion)
		if err != nil {
			return n, fmt.Errorf("list who is due for screening: %w", err)
		}
		if len(list) == 0 {
			if after > 0 { // whoever came or changed behind us
				after = 0
				continue
			}
			break
		}
		subjects := make([]subject, len(list))
		for i, row := range list {
			subjects[i] = row.subject()
		}
		if err := s.addNamed(ctx, subjects); err != nil {
			return n, err
		}
		if err := s.compare(ctx, l, r, subjects); err != nil {
			return n, err
		}
		if err := s.keepFound(ctx, l, r, subjects); err != nil {
			return n, err
		}
		n += len(list)
		after = list[len(list)-1].ID
	}
	return n, s.lapse(ctx)
}

// subjectRow is subject as it is read.
type subjectRow struct {
	ID                                                                             int64
	Identity                                                                       int
	PersonKind, Country, DocType, DocNumber, DocDV, GivenNames, Surnames, Business string
	Through                                                                        int64
}

func (r subjectRow) subject() subject {
	return subject{ID: r.ID, Identity: r.Identity, PersonKind: r.PersonKind, Country: r.Country, DocType: r.DocType, DocNumber: r.DocNumber, DocDV: r.DocDV,
		GivenNames: r.GivenNames, Surnames: r.Surnames, BusinessName: r.Business, Through: r.Through}
}

// compare fills in the hits, on every processor.
func (s *Service) compare(ctx context.Context, l *lists, r rules, subjects []subject) error {
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(subjects); i += workers {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				with := l
				if subjects[i].Through > 0 {
					var err error
					if with, err = s.since(ctx, subjects[i].Through, l); err != nil {
						return err
					}
				}
				subjects[i].hits = subjects[i].find(with, r.Review)
			}
			return nil
		})
	}
	return g.Wait()
}

const (
	lockSubjects = `SELECT id, identity FROM distributors WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	knownHits    = `
SELECT h.id, h.distributor_id, h.list, h.number, h.identity, h.state, h.level, h.score, e.hash
FROM screening_hits h JOIN sanctions_entries e ON e.id = h.entry_id WHERE h.distributor_id = ANY($1) ORDER BY h.id FOR UPDATE OF h`
	insertHit = `
INSERT INTO screening_hits (distributor_id, list, number, entry_id, identity, asked, score, level, why, found_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING id`
	updateHit = `
UPDATE screening_hits SET entry_id = $2, identity = $3, asked = $4, score = $5, level = $6, why = $7, state = $8, updated_at = $9,
    found_at = CASE WHEN $8 = 'open' AND state <> 'open' THEN $9 ELSE found_at END,
    cleared_until = CASE WHEN $8 = 'cleared' THEN cleared_until END, consent_id = CASE WHEN $8 = 'cleared' THEN consent_id END, version = version + 1
WHERE id = $1`
	markScreened = `
INSERT INTO screenings (distributor_id, identity, through_id, thresholds_id, at) SELECT i, n, $3, $4, $5 FROM unnest($1::bigint[], $2::integer[]) AS x(i, n)
ON CONFLICT (distributor_id) DO UPDATE SET identity = EXCLUDED.identity, through_id = EXCLUDED.through_id, thresholds_id = EXCLUDED.thresholds_id, at = EXCLUDED.at
WHERE screenings.identity <= EXCLUDED.identity AND (screenings.identity < EXCLUDED.identity OR screenings.through_id <= EXCLUDED.through_id)`
	// Holds of the records $1 and of those they became part of.
	setHolds = `
UPDATE distributors d SET on_hold = h.held FROM (
    SELECT t.id, EXISTS (SELECT 1 FROM screening_hits h JOIN distributors m ON m.id = h.distributor_id WHERE (m.id = t.id OR m.merged_into = t.id)
        AND h.level = 'hold' AND h.state IN ('open','undecided','confirmed')) AS held
    FROM (SELECT x.i AS id FROM unnest($1::bigint[]) AS x(i) UNION SELECT merged_into FROM distributors WHERE id = ANY($1) AND merged_into IS NOT NULL) t) h
WHERE d.id = h.id AND d.on_hold <> h.held`
)

type knownHit struct {
	ID            int64
	DistributorID int64
	List          sanctions.List
	Number        string
	Identity      int
	State         models.HitState
	Level         sanctions.Level
	Score         int
	Hash          []byte
}

// keepFound writes what a portion came to: hits and holds of those who are still whom they were, and that everybody was
// compared. A hold is there when this commits, and dispatch sees it in the row it locks.
func (s *Service) keepFound(ctx context.Context, l *lists, r rules, subjects []subject) error {
	found := map[int64]subject{}
	var ids, all []int64
	identities := make([]int32, 0, len(subjects))
	for _, x := range subjects {
		all, identities = append(all, x.ID), append(identities, int32(x.Identity))
		if len(x.hits) > 0 {
			found[x.ID] = x
			ids = append(ids, x.ID)
		}
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if len(ids) > 0 {
			if err := s.keepHits(tx, r, ids, found); err != nil {
				return err
			}
		}
		if _, err := store.ExecTx(tx, markScreened, all, identities, l.through, r.ID, s.Now()); err != nil {
			return fmt.Errorf("mark as screened: %w", err)
		}
		return nil
	})
}

func (s *Service) keepHits(tx *gorm.DB, r rules, ids []int64, found map[int64]subject) error {
	now, err := store.SelectTx[struct {
		ID       int64
		Identity int
	}](tx, lockSubjects, ids)
	if err != nil {
		return fmt.Errorf("lock distributors: %w", err)
	}
	known, err := store.SelectTx[knownHit](tx, knownHits, ids)
	if err != nil {
		return fmt.Errorf("read hits: %w", err)
	}
	pairs := map[string]knownHit{}
	for _, k := range known {
		pairs[pairOf(k.DistributorID, k.List, k.Number)] = k
	}
	opened, held := 0, 0
	for _, d := range now {
		x := found[d.ID]
		if x.Identity != d.Identity {
			continue // renamed meanwhile: due again
		}
		for _, h := range x.hits {
			level := r.Of(h.Hit)
			k, there := pairs[pairOf(x.ID, h.Entry.List, h.Entry.Number)]
			fresh, err := s.keepHit(tx, x, h, level, k, there)
			if err != nil {
				return err
			}
			if fresh {
				opened++
				if level == sanctions.Hold {
					held++
				}
			}
		}
	}
	if _, err := store.ExecTx(tx, setHolds, ids); err != nil {
		return fmt.Errorf("hold payouts: %w", err)
	}
	if opened == 0 {
		return nil
	}
	return events.Record(tx, events.Event{Kind: "screening.hits", SubjectType: "screening_hits", Permission: models.PermScreeningDecide,
		Facts: map[string]any{"Count": opened, "Held": held}})
}

func pairOf(distributor int64, list sanctions.List, number string) string {
	return fmt.Sprintf("%d/%s/%s", distributor, list, number)
}

// keepHit writes one pair: a new one, or one that is known and says something else now. A pair that was let through, or
// whose entry had been dropped, is opened again when either side changed. fresh says that it waits for a person anew.
func (s *Service) keepHit(tx *gorm.DB, x subject, h foundHit, level sanctions.Level, k knownHit, there bool) (fresh bool, err error) {
	asked, err := json.Marshal(h.asked)
	if err != nil {
		return false, err
	}
	why, err := json.Marshal(h.Hit)
	if err != nil {
		return false, err
	}
	by := models.System("screening")
	if !there {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertHit, x.ID, h.Entry.List, h.Entry.Number, h.row.id, x.Identity, string(asked), h.Score, level, string(why), s.Now())
		if err != nil {
			return false, fmt.Errorf("keep hit of distributor %d: %w", x.ID, err)
		}
		return true, audit.Record(tx, audit.Entry{By: by, Action: "screening.hit", SubjectType: "screening_hit", SubjectID: rows[0].ID,
			After: map[string]any{"distributor": x.ID, "list": h.Entry.List, "number": h.Entry.Number, "score": h.Score, "level": level}})
	}
	same := k.Identity == x.Identity && string(k.Hash) == string(h.row.hash)
	if same && k.State != models.HitLapsed && k.Level == level && k.Score == h.Score {
		return false, nil
	}
	state := k.State
	if state == models.HitLapsed || state == models.HitCleared && (!same || k.Level != level) {
		state = models.HitOpen
	}
	if _, err := store.ExecTx(tx, updateHit, k.ID, h.row.id, x.Identity, string(asked), h.Score, level, string(why), state, s.Now()); err != nil {
		return false, fmt.Errorf("keep hit %d: %w", k.ID, err)
	}
	if state == k.State {
		return false, nil
	}
	return true, s.note(tx, by, k.ID, k.State, models.HitDecision{To: state, Comment: "The name, the document or the entry changed."})
}

const noteDecision = `INSERT INTO screening_decisions (hit_id, from_state, to_state, until, comment, staff_id, staff_name) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// note writes a decision into the history of a hit and the audit log.
func (s *Service) note(tx *gorm.DB, by models.Actor, hit int64, from models.HitState, d models.HitDecision) error {
	if _, err := store.ExecTx(tx, noteDecision, hit, from, d.To, d.Until, d.Comment, by.StaffID, by.Name); err != nil {
		return fmt.Errorf("note decision on hit %d: %w", hit, err)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "screening." + string(d.To), SubjectType: "screening_hit", SubjectID: hit, Reason: d.Comment,
		Before: map[string]any{"state": from}, After: map[string]any{"state": d.To}})
}

const (
	delisted = `
SELECT h.id, h.distributor_id FROM screening_hits h WHERE h.state IN ('open','undecided')
    AND NOT EXISTS (SELECT 1 FROM sanctions_entries e WHERE e.list = h.list AND e.number = h.number AND e.until_id IS NULL) ORDER BY h.distributor_id, h.id`
	ranOut = `SELECT h.id, h.distributor_id FROM screening_hits h WHERE h.state = 'cleared' AND h.cleared_until < $1 ORDER BY h.distributor_id, h.id`
)

// lapse ends hits whose entry a list dropped before anybody decided; a confirmed one stays until somebody decides.
func (s *Service) lapse(ctx context.Context) error {
	return s.each(ctx, models.HitLapsed, "The list dropped the entry.", func(state models.HitState) bool {
		return state == models.HitOpen || state == models.HitUndecided
	}, delisted)
}

// endClearances opens pairs again whose time ran out.
func (s *Service) endClearances(ctx context.Context) error {
	return s.each(ctx, models.HitOpen, "The time ran out until which it was let through.", func(state models.HitState) bool {
		return state == models.HitCleared
	}, ranOut, models.Day(s.Now()))
}

// each moves the hits of a query to a state, one transaction each, when they are still what they were.
func (s *Service) each(ctx context.Context, to models.HitState, why string, still func(models.HitState) bool, sql string, args ...any) error {
	list, err := store.Select[struct{ ID, DistributorID int64 }](ctx, s.DB.Pool, sql, args...)
	if err != nil {
		return fmt.Errorf("list hits that become %s: %w", to, err)
	}
	for _, x := range list {
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			h, err := lockHit(tx, x.DistributorID, x.ID)
			if err != nil || !still(h.State) {
				return err
			}
			return s.move(tx, models.System("screening"), h, models.HitDecision{To: to, Comment: why}, 0)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Enqueue has everybody who is due compared, in the transaction of what made them due.
func Enqueue(tx *gorm.DB) error { return queue.Insert(tx, RescreenArgs{}, nil) }
