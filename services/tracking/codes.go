package tracking

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/imports"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// codeBook is what the codes of all carriers mean, as it was read at one moment.
type codeBook struct {
	maps     map[string]models.CarrierMap // by the carrier's name
	versions map[int64]int                // by the carrier's id
}

const (
	allCarriers = `SELECT ` + carrierColumns + ` FROM carriers c ORDER BY c.name`
	allCodes    = `SELECT carrier_id, code, means, note, actor, changed_at FROM carrier_codes ORDER BY carrier_id, code`
	codesOf     = `SELECT code, means, note, actor, changed_at FROM carrier_codes WHERE carrier_id = $1 ORDER BY code`
	holdVersion = `SELECT id, codes_version FROM carriers ORDER BY id FOR SHARE`
	reopen      = `UPDATE carriers SET codes_applied = 0 WHERE id = $1`
)

func readCodes(tx *gorm.DB) (b codeBook, err error) {
	carriers, err := store.SelectTx[models.Carrier](tx, allCarriers)
	if err != nil {
		return b, fmt.Errorf("read carriers: %w", err)
	}
	rows, err := store.SelectTx[struct {
		CarrierID int64
		models.CarrierCode
	}](tx, allCodes)
	if err != nil {
		return b, fmt.Errorf("read carriers' codes: %w", err)
	}
	codes := map[int64][]models.CarrierCode{}
	for _, r := range rows {
		codes[r.CarrierID] = append(codes[r.CarrierID], r.CarrierCode)
	}
	b = codeBook{maps: map[string]models.CarrierMap{}, versions: map[int64]int{}}
	for _, c := range carriers {
		b.maps[c.Name], b.versions[c.ID] = models.NewCarrierMap(codes[c.ID]), c.CodesVersion
	}
	return b, nil
}

// settle ends a transaction that stored events: if codes have changed since they were read, the events are read again once
// it has committed; if not, whoever changes them now waits for that.
func (b codeBook) settle(tx *gorm.DB) error {
	rows, err := store.SelectTx[struct {
		ID      int64
		Version int
	}](tx, holdVersion)
	if err != nil {
		return fmt.Errorf("compare carriers' codes: %w", err)
	}
	for _, r := range rows {
		if r.Version == b.versions[r.ID] {
			continue
		}
		if _, err := store.ExecTx(tx, reopen, r.ID); err != nil {
			return fmt.Errorf("reopen carrier %d: %w", r.ID, err)
		}
		if err := queue.Insert(tx, ApplyArgs{CarrierID: r.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}

var (
	errStaleCodes = models.Refuse(models.Conflict, "carriers.stale", "Somebody changed these codes after you opened them. Load them again.", nil)
	errNoCode     = models.Refuse(models.NotFound, "carriers.code_gone", "This carrier has no such code.", nil)
)

const (
	nextVersion = `UPDATE carriers SET codes_version = codes_version + 1 WHERE id = $1 AND codes_version = $2`
	oneCode     = `SELECT code, means, note, actor, changed_at FROM carrier_codes WHERE carrier_id = $1 AND code = $2`
	putCode     = `
INSERT INTO carrier_codes (carrier_id, code, means, note, actor, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (carrier_id, code) DO UPDATE SET means = excluded.means, note = excluded.note, actor = excluded.actor, changed_at = excluded.changed_at`
	dropCode = `DELETE FROM carrier_codes WHERE carrier_id = $1 AND code = $2`
)

// SetCode says what a code of a carrier means; seen is the version of its codes that was on the page. All stored events with
// the code are read again at once.
func (s *Service) SetCode(ctx context.Context, by models.Actor, carrier int64, seen int, c models.CarrierCode) error {
	if err := forbid(by, models.PermCarriersEdit); err != nil {
		return err
	}
	c.Code, c.Note = models.CarrierWord(c.Code), strings.TrimSpace(c.Note)
	if err := c.Check(); err != nil {
		return err
	}
	return s.changeCode(ctx, by, carrier, seen, "carrier.code", c.Code, func(tx *gorm.DB) (after any, err error) {
		if _, err := store.ExecTx(tx, putCode, carrier, c.Code, string(c.Means), c.Note, by.Name, s.Now()); err != nil {
			return nil, fmt.Errorf("save code %s of carrier %d: %w", c.Code, carrier, err)
		}
		return codeFacts(c), nil
	})
}

// DropCode takes a code out of the map of a carrier: events with it are unknown from then on.
func (s *Service) DropCode(ctx context.Context, by models.Actor, carrier int64, seen int, code string) error {
	if err := forbid(by, models.PermCarriersEdit); err != nil {
		return err
	}
	return s.changeCode(ctx, by, carrier, seen, "carrier.code_drop", code, func(tx *gorm.DB) (after any, err error) {
		n, err := store.ExecTx(tx, dropCode, carrier, code)
		if err != nil {
			return nil, fmt.Errorf("drop code %s of carrier %d: %w", code, carrier, err)
		}
		if n == 0 {
			return nil, errNoCode
		}
		return nil, nil
	})
}

func (s *Service) changeCode(ctx context.Context, by models.Actor, carrier int64, seen int, action, code string, change func(*gorm.DB) (after any, err error)) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, nextVersion, carrier, seen)
		if err != nil {
			return fmt.Errorf("change codes of carrier %d: %w", carrier, err)
		}
		if n == 0 {
			return errStaleCodes
		}
		before, err := store.SelectTx[models.CarrierCode](tx, oneCode, carrier, code)
		if err != nil {
			return fmt.Errorf("read code %s of carrier %d: %w", code, carrier, err)
		}
		after, err := change(tx)
		if err != nil {
			return err
		}
		entry := audit.Entry{By: by, Action: action, SubjectType: "carrier", SubjectID: carrier, After: after}
		if len(before) > 0 {
			entry.Before = codeFacts(before[0])
		}
		if err := audit.Record(tx, entry); err != nil {
			return err
		}
		return queue.Insert(tx, ApplyArgs{CarrierID: carrier}, nil)
	})
}

func codeFacts(c models.CarrierCode) map[string]string {
	return map[string]string{"code": c.Code, "means": string(c.Means), "note": c.Note}
}

// ApplyArgs is the job that reads the stored events of a carrier again after its codes changed. It is safe to run twice
// and at once: where a parcel is follows from what is stored alone.
type ApplyArgs struct {
	CarrierID int64 `json:"carrier_id"`
}

// Kind names the job.
func (ApplyArgs) Kind() string { return "tracking.apply" }

// applyParcels is how many parcels one transaction reads again.
const applyParcels = 1000

const (
	nextParcels = `SELECT DISTINCT waybill FROM tracking_events WHERE carrier = $1 AND waybill > $2 ORDER BY waybill LIMIT $3`
	markApplied = `UPDATE carriers SET codes_applied = $2 WHERE id = $1 AND codes_version = $2`
)

// ApplyCodes reads all events of a carrier by its newest codes.
func (s *Service) ApplyCodes(ctx context.Context, a ApplyArgs) error {
	for {
		c, err := store.SelectOne[models.Carrier](ctx, s.DB.Pool, oneCarrier, a.CarrierID)
		if err != nil {
			return fmt.Errorf("read carrier %d: %w", a.CarrierID, err)
		}
		if !c.Applying() {
			return nil
		}
		for after, more := "", true; more; {
			if after, more, err = s.applySome(ctx, c.Name, after); err != nil {
				return err
			}
		}
		if err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			_, err := store.ExecTx(tx, markApplied, c.ID, c.CodesVersion)
			return err
		}); err != nil {
			return fmt.Errorf("mark codes of carrier %d applied: %w", c.ID, err)
		}
	}
}

// applySome reads the events of the parcels after one again, and answers the last it came to. An import holds parcels for
// long and in any order, so it waits for one.
func (s *Service) applySome(ctx context.Context, carrier, after string) (last string, more bool, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := imports.Lock(tx, "tracking"); err != nil {
			return err
		}
		rows, err := store.SelectTx[struct{ Waybill string }](tx, nextParcels, carrier, after, applyParcels)
		if err != nil || len(rows) == 0 {
			last, more = after, false
			return err
		}
		var p parcels
		for _, r := range rows {
			p.add(carrier, r.Waybill)
		}
		last, more = p.waybills[len(rows)-1], len(rows) == applyParcels
		if err := lockParcels(tx, p); err != nil {
			return err
		}
		codes, err := readCodes(tx)
		if err != nil {
			return err
		}
		return foldParcels(tx, codes, p)
	})
	if err != nil {
		return "", false, fmt.Errorf("read events of %s after parcel %q again: %w", carrier, after, err)
	}
	return last, more, nil
}
