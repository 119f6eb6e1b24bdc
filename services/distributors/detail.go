package distributors

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/ledger"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// Detail reads everything the page of one distributor shows.
func (s *Service) Detail(ctx context.Context, id int64) (d models.DistributorDetail, err error) {
	if d.Distributor, err = s.Get(ctx, id); err != nil {
		return d, err
	}
	for _, read := range []func(context.Context, *models.DistributorDetail) error{
		s.readUpline, s.readMethods, s.readVerifications, s.readLikenesses, s.readMerges, s.readEvents, s.readWaiting, s.readBalances, s.readPayouts, s.readCommissions,
	} {
		if err := read(ctx, &d); err != nil {
			return d, fmt.Errorf("read page of distributor %d: %w", id, err)
		}
	}
	return d, nil
}

func (s *Service) readUpline(ctx context.Context, d *models.DistributorDetail) error {
	if d.UplineID == nil {
		return nil
	}
	u, err := s.Get(ctx, *d.UplineID)
	d.UplineCode, d.UplineName = u.Code, u.Name()
	return err
}

func (s *Service) readMethods(ctx context.Context, d *models.DistributorDetail) (err error) {
	d.Methods, err = s.Methods(ctx, d.ID)
	return err
}

// Methods lists the ways of paying a distributor: the preferred one, the others, those out of use.
func (s *Service) Methods(ctx context.Context, id int64) ([]models.PayoutMethod, error) {
	return store.Select[models.PayoutMethod](ctx, s.DB.Pool,
		"SELECT "+methodColumns+" FROM payout_methods WHERE distributor_id = $1 ORDER BY preferred DESC, retired_at DESC NULLS FIRST, id", id)
}

func (s *Service) readVerifications(ctx context.Context, d *models.DistributorDetail) error {
	type row struct {
		ID        int64
		From, To  models.Verification
		Until     *time.Time
		Reason    string
		FileID    *int64
		FileName  string
		Hash      []byte
		StaffName string
		At        time.Time
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, `SELECT v.id, v.from_state, v.to_state, v.until, v.reason, v.file_id, coalesce(f.name, ''), f.sha256, v.staff_name, v.at
		FROM verifications v LEFT JOIN files f ON f.id = v.file_id WHERE v.distributor_id = $1 ORDER BY v.id DESC LIMIT 50`, d.ID)
	for _, r := range rows {
		d.Verifications = append(d.Verifications, models.VerificationEvent{ID: r.ID, From: r.From, To: r.To, Until: r.Until, Reason: r.Reason,
			FileID: r.FileID, FileName: r.FileName, FileHash: hex.EncodeToString(r.Hash), StaffName: r.StaffName, At: r.At})
	}
	return err
}

// selectLikenesses finds others with the same number however it is written, phone, e-mail or account (K13).
const selectLikenesses = `
SELECT o.id, o.code, trim(o.business_name || ' ' || o.given_names || ' ' || o.surnames), x.by FROM (
    (SELECT d.id, 'document' AS by FROM distributors d WHERE d.doc_key = ltrim($2, '0') AND d.doc_key <> '' AND d.id <> $1 ORDER BY d.id LIMIT 20)
    UNION (SELECT d.id, 'phone' FROM distributors d WHERE d.phone = $3 AND $3 <> '' AND d.id <> $1 ORDER BY d.id LIMIT 20)
    UNION (SELECT d.id, 'email' FROM distributors d WHERE d.email = $4 AND $4 <> '' AND d.id <> $1 LIMIT 20)
    UNION (SELECT m.distributor_id, 'account' FROM payout_methods mine JOIN payout_methods m ON m.account_key = mine.account_key AND m.distributor_id <> $1
        WHERE mine.distributor_id = $1 AND mine.account_key <> '' AND m.account_key <> '' LIMIT 20)
) x JOIN distributors o ON o.id = x.id WHERE o.verification <> 'merged' ORDER BY o.id, x.by LIMIT 20`

func (s *Service) readLikenesses(ctx context.Context, d *models.DistributorDetail) (err error) {
	if d.MergedInto != nil {
		return nil
	}
	d.Likenesses, err = store.Select[models.Likeness](ctx, s.DB.Pool, selectLikenesses, d.ID, d.DocNumber, d.Phone, d.Email)
	return err
}

func (s *Service) readMerges(ctx context.Context, d *models.DistributorDetail) (err error) {
	d.Merges, err = store.Select[models.Merge](ctx, s.DB.Pool, "SELECT "+mergeColumns+mergeTables+" WHERE m.survivor_id = $1 OR m.absorbed_id = $1 ORDER BY m.id DESC LIMIT 20", d.ID)
	return err
}

func (s *Service) readEvents(ctx context.Context, d *models.DistributorDetail) error {
	page, err := audit.List(ctx, s.DB, models.AuditFilter{SubjectType: "distributor", SubjectID: d.ID}, store.Cursor{})
	d.Events = page.Rows
	return err
}

func (s *Service) readWaiting(ctx context.Context, d *models.DistributorDetail) error {
	all, err := requests.OfSubject(ctx, s.DB.Pool, "distributor", d.ID)
	for _, r := range all {
		if r.State == models.RequestOpen {
			d.Waiting = append(d.Waiting, r)
		}
	}
	return err
}

// selectMoney sums the distributor's payouts that are at the rail, and those paid since the year began.
const selectMoney = `
SELECT CAST(coalesce(sum(amount) FILTER (WHERE state IN ('submitting','unknown','sent','available','on_hold')), 0) AS bigint),
    CAST(coalesce(sum(amount) FILTER (WHERE state = 'paid' AND paid_at >= $2), 0) AS bigint), count(*) FILTER (WHERE state = 'paid' AND paid_at >= $2)
FROM payouts WHERE distributor_id = $1`

func (s *Service) readBalances(ctx context.Context, d *models.DistributorDetail) (err error) {
	db := s.DB.Gorm.WithContext(ctx)
	if d.Payable, err = ledger.Balance(db, models.Account{Kind: models.AccountPayable, Party: d.ID}); err != nil {
		return err
	}
	if d.Held, err = ledger.Balance(db, models.Account{Kind: models.AccountHeld, Party: d.ID}); err != nil {
		return err
	}
	type money struct{ UnderWay, Paid, Count int64 }
	// Bogotá is five hours behind UTC all year.
	newYear := time.Date(s.Today().Year(), 1, 1, 5, 0, 0, 0, time.UTC)
	m, err := store.SelectOne[money](ctx, s.DB.Pool, selectMoney, d.ID, newYear)
	d.UnderWay, d.Paid, d.PaidCount = models.Centavos(m.UnderWay), models.Centavos(m.Paid), m.Count
	return err
}

// lastRows is how many payouts and commission lines the page shows.
const lastRows = 10

func (s *Service) readPayouts(ctx context.Context, d *models.DistributorDetail) error {
	type row struct {
		ID     int64
		Code   string
		At     time.Time
		Method models.MethodKind
		State  models.PayoutState
		Amount int64
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, `SELECT id, code, created_at, method_kind, state, amount FROM payouts
		WHERE distributor_id = $1 AND removed_reason = '' ORDER BY id DESC LIMIT $2`, d.ID, lastRows)
	for _, r := range rows {
		d.Payouts = append(d.Payouts, models.DistributorPayout{ID: r.ID, Code: r.Code, At: r.At, Method: r.Method, State: r.State, Amount: models.Centavos(r.Amount)})
	}
	return err
}

func (s *Service) readCommissions(ctx context.Context, d *models.DistributorDetail) error {
	type row struct {
		ID                     int64
		Order, Period, Concept string
		State                  models.CommissionState
		Amount                 int64
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, `SELECT id, order_number, period, concept, state, amount FROM commission_lines
		WHERE distributor_id = $1 ORDER BY id DESC LIMIT $2`, d.ID, lastRows)
	for _, r := range rows {
		d.Commissions = append(d.Commissions, models.DistributorCommission{ID: r.ID, Order: r.Order, Period: r.Period, Concept: r.Concept, State: r.State, Amount: models.Centavos(r.Amount)})
	}
	return err
}
