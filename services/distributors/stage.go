package distributors

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Everybody who writes distributors from rows, be it a file of a million or a form with one, puts them
// into a table that lives as long as the transaction and has SQL do the rest set by set.
const createStage = `
CREATE TEMPORARY TABLE staged (
    line integer NOT NULL, code text NOT NULL, person_kind text NOT NULL, country text NOT NULL, doc_type text NOT NULL,
    doc_number text NOT NULL, doc_dv text NOT NULL, doc_issued_on date, given_names text NOT NULL, surnames text NOT NULL,
    business_name text NOT NULL, phone text NOT NULL, email text NOT NULL, divipola text NOT NULL, city text NOT NULL,
    address text NOT NULL, tax_status text NOT NULL, iva_responsible boolean NOT NULL, joined_on date, upline text NOT NULL,
    lang text NOT NULL, warnings text[] NOT NULL, kind text NOT NULL, bank_code text NOT NULL, account_type text NOT NULL,
    account_number text NOT NULL, bre_b_key text NOT NULL, bre_b_kind text NOT NULL, folded text NOT NULL,
    id bigint, changed text[]
) ON COMMIT DROP`

var stageColumns = []string{"line", "code", "person_kind", "country", "doc_type", "doc_number", "doc_dv", "doc_issued_on", "given_names",
	"surnames", "business_name", "phone", "email", "divipola", "city", "address", "tax_status", "iva_responsible", "joined_on", "upline",
	"lang", "warnings", "kind", "bank_code", "account_type", "account_number", "bre_b_key", "bre_b_kind", "folded"}

// stagedRow is one row on its way into the stage.
type stagedRow struct {
	line     int
	row      intake.DistributorRow
	warnings []string
}

func (s stagedRow) values() []any {
	r, d := s.row, s.row.Destination
	return []any{s.line, r.RefCode, r.PersonKind, r.Document.Country, r.Document.Type, r.Document.Number, r.Document.DV, dateOrNil(r.IssuedOn),
		r.GivenNames, r.Surnames, r.BusinessName, r.Phone, r.Email, r.Divipola, r.Municipality, r.Address, r.TaxStatus, r.IVAResponsible,
		dateOrNil(r.JoinedOn), r.UplineRef, r.Lang, s.warnings, string(d.Kind), d.BankCode, d.AccountType, d.AccountNumber, d.BreBKey,
		string(d.BreBKeyKind), searchText(r)}
}

func dateOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// searchText is what the list's search looks in.
func searchText(r intake.DistributorRow) string {
	p := r.Payee()
	return models.Fold(r.RefCode + " " + p.Name() + " " + p.DocNumber + p.DocDV + " " + p.Phone + " " + p.Email)
}

// warningCodes lists each code once, in order.
func warningCodes(warnings []intake.Warning) []string {
	codes := make([]string, 0, len(warnings))
	for _, w := range warnings {
		codes = append(codes, w.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func stage(tx *gorm.DB, rows []stagedRow) error {
	_, err := store.Copy(tx, pgx.Identifier{"staged"}, stageColumns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return rows[i].values(), nil
	}))
	return err
}

// compare says for each staged row which of the stored fields it would change: NULL for a new
// distributor, none for one that is as it was. A row without a method leaves the methods alone; another method than
// the preferred one needs the consent of a second person, see keepMethods.
const compare = `
UPDATE staged s SET id = d.id, changed = array_remove(ARRAY[
    CASE WHEN (d.doc_type, d.doc_number, d.doc_dv, d.country) IS DISTINCT FROM (s.doc_type, s.doc_number, s.doc_dv, s.country) THEN 'document' END,
    CASE WHEN d.doc_issued_on IS DISTINCT FROM s.doc_issued_on THEN 'doc_issued_on' END,
    CASE WHEN (d.person_kind, d.given_names, d.surnames, d.business_name) IS DISTINCT FROM (s.person_kind, s.given_names, s.surnames, s.business_name) THEN 'name' END,
    CASE WHEN d.phone <> s.phone THEN 'phone' END,
    CASE WHEN d.email <> s.email THEN 'email' END,
    CASE WHEN (d.divipola, d.city, d.address) IS DISTINCT FROM (s.divipola, s.city, s.address) THEN 'address' END,
    CASE WHEN (d.tax_status, d.iva_responsible) IS DISTINCT FROM (s.tax_status, s.iva_responsible) THEN 'tax' END,
    CASE WHEN d.joined_on IS DISTINCT FROM s.joined_on THEN 'joined_on' END,
    CASE WHEN coalesce(u.code, '') <> s.upline THEN 'upline' END,
    CASE WHEN d.lang <> s.lang THEN 'lang' END,
    CASE WHEN d.warnings <> s.warnings THEN 'warnings' END,
    CASE WHEN s.kind <> '' AND (m.kind, m.bank_code, m.account_type, m.account_number, m.bre_b_key, m.bre_b_kind)
        IS DISTINCT FROM (s.kind, s.bank_code, s.account_type, s.account_number, s.bre_b_key, s.bre_b_kind) THEN 'method' END], NULL)
FROM distributors d
LEFT JOIN payout_methods m ON m.distributor_id = d.id AND m.preferred
LEFT JOIN distributors u ON u.id = d.upline_id
WHERE d.code = s.code`

// keepMethods leaves the method of everybody who is known as it is: a file is one person's act. The lines are answered.
const keepMethods = `
UPDATE staged SET changed = array_remove(changed, 'method') WHERE 'method' = ANY(changed)`

// steps write what is staged and compared, in this order. Ids are drawn in the file's order before
// anything is written, so that an upline further down has its id already. A verified distributor who
// gets another name or document has to be looked at again.
var steps = []struct{ what, sql string }{
	{"draw ids", `
UPDATE staged s SET id = n.id FROM (
    SELECT code, nextval(pg_get_serial_sequence('distributors', 'id')) AS id FROM (SELECT code FROM staged WHERE changed IS NULL ORDER BY line) o
) n WHERE n.code = s.code`},
	{"lock", `
SELECT 1 FROM distributors d JOIN staged s ON s.id = d.id WHERE cardinality(s.changed) > 0 ORDER BY d.id FOR UPDATE OF d`},
	{"unsettle verifications", `
INSERT INTO verifications (distributor_id, from_state, to_state, reason, staff_id, staff_name)
SELECT d.id, d.verification, 'unverified', 'The name or document was changed.', @staff, @name
FROM staged s JOIN distributors d ON d.id = s.id WHERE s.changed && ARRAY['document','name'] AND d.verification = 'verified'`},
	{"update", `
UPDATE distributors d SET person_kind = s.person_kind, country = s.country, doc_type = s.doc_type, doc_number = s.doc_number, doc_dv = s.doc_dv,
    doc_issued_on = s.doc_issued_on, given_names = s.given_names, surnames = s.surnames, business_name = s.business_name,
    phone = s.phone, email = s.email, divipola = s.divipola, city = s.city, address = s.address, tax_status = s.tax_status,
    iva_responsible = s.iva_responsible, joined_on = s.joined_on, upline_id = coalesce(su.id, du.id), lang = s.lang, warnings = s.warnings,
    verification = CASE WHEN s.changed && ARRAY['document','name'] AND d.verification = 'verified' THEN 'unverified' ELSE d.verification END,
    version = d.version + 1, updated_at = now()
FROM staged s LEFT JOIN staged su ON su.code = s.upline LEFT JOIN distributors du ON du.code = s.upline
WHERE d.id = s.id AND cardinality(s.changed) > 0`},
	{"insert", `
INSERT INTO distributors (id, code, person_kind, country, doc_type, doc_number, doc_dv, doc_issued_on, given_names, surnames, business_name,
    phone, email, divipola, city, address, tax_status, iva_responsible, joined_on, upline_id, lang, warnings, method_kind)
OVERRIDING SYSTEM VALUE
SELECT s.id, s.code, s.person_kind, s.country, s.doc_type, s.doc_number, s.doc_dv, s.doc_issued_on, s.given_names, s.surnames, s.business_name,
    s.phone, s.email, s.divipola, s.city, s.address, s.tax_status, s.iva_responsible, s.joined_on, coalesce(su.id, du.id), s.lang, s.warnings, s.kind
FROM staged s LEFT JOIN staged su ON su.code = s.upline LEFT JOIN distributors du ON du.code = s.upline
WHERE s.changed IS NULL ORDER BY s.id`},
	{"insert first methods", `
INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind, preferred)
SELECT s.id, s.kind, s.bank_code, s.account_type, s.account_number, s.bre_b_key, s.bre_b_kind, true FROM staged s
WHERE s.kind <> '' AND s.changed IS NULL ORDER BY s.id`},
	{"write search text", `
INSERT INTO distributor_search (distributor_id, folded) SELECT id, folded FROM staged WHERE changed IS NULL OR cardinality(changed) > 0 ORDER BY id
ON CONFLICT (distributor_id) DO UPDATE SET folded = EXCLUDED.folded WHERE distributor_search.folded <> EXCLUDED.folded`},
}

// writeStaged runs the steps for the actor.
func writeStaged(tx *gorm.DB, by models.Actor) error {
	if err := tellOldContacts(tx); err != nil {
		return err
	}
	for _, step := range steps {
		var args []any
		if step.what == "unsettle verifications" {
			args = append(args, pgx.NamedArgs{"staff": by.StaffID, "name": by.Name})
		}
		if _, err := store.ExecTx(tx, step.sql, args...); err != nil {
			return fmt.Errorf("write distributors: %s: %w", step.what, err)
		}
	}
	return queue.Insert(tx, CompareArgs{}, nil)
}

// CompareArgs is the job that has those compared with the sanctions lists who came or got another name or document.
type CompareArgs struct{}

// Kind names the job in the queue.
func (CompareArgs) Kind() string { return "distributors.compare" }

// InsertOpts keeps one waiting job; it is short, and its round comes by the clock too.
func (CompareArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// writers lets one import or form write at a time: both look for doubles first and write later.
func writers(tx *gorm.DB) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('distributors.write'))").Error; err != nil {
		return fmt.Errorf("wait for other writers of distributors: %w", err)
	}
	return nil
}

func exec(tx *gorm.DB, statements ...string) error {
	for _, sql := range statements {
		if _, err := store.ExecTx(tx, sql); err != nil {
			return fmt.Errorf("stage distributors: %w", err)
		}
	}
	return nil
}
