package onboarding_test

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/blobs"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/files/filestest"
	"pagaduria/services/mail"
	"pagaduria/services/onboarding"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// start is a Monday morning in Bogotá.
var start = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

// desk invites one distributor, whose letters it reads.
type desk struct {
	*onboarding.Service
	t            *testing.T
	now          time.Time
	clara, diego models.Actor // compliance
	person       int64
	tokens       []string // of the links that were sent
	letters      []kyc.Letter
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	address, err := blobs.FolderAddress(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := blobs.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	keys, err := vault.New(bytes.Repeat([]byte{7}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, now: start}
	clock := func() time.Time { return d.now }
	today := func() time.Time {
		y, m, day := d.now.Add(-5 * time.Hour).Date()
		return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
	}
	db := storetest.New(t)
	out := mail.New(db, keys, clock)
	d.Service, err = onboarding.New(onboarding.Options{DB: db, Blobs: folder, Mail: out, Vault: keys, Now: clock, Today: today,
		Papers:       &documents.Service{DB: db, Blobs: folder, Vault: keys, Files: filestest.Checker(t), Now: clock},
		Distributors: &distributors.Service{DB: db, Blobs: folder, Mail: out, Today: today},
		Link: func(token string) string {
			d.tokens = append(d.tokens, token)
			return "https://pay.example/p/" + token
		},
		Mailed: func(l kyc.Letter) (subject, body string) {
			d.letters = append(d.letters, l)
			return string(l.Kind), string(l.Kind) + " {link}"
		},
		Texted: func(l kyc.Letter) string { return l.Link + l.Code }})
	if err != nil {
		t.Fatal(err)
	}
	d.clara, d.diego = d.staff("Clara"), d.staff("Diego")
	d.person = d.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, divipola, city, tax_status)
		VALUES ('D-1', 'natural', 'CC', '52999001', 'Marta', 'Rios', '+573001234567', 'ana@example.org', '11001', 'Bogotá', 'natural_no_declarante') RETURNING id`)
	d.number(`WITH s AS (INSERT INTO distributor_search (distributor_id, folded) VALUES ($1, 'd-1 marta rios') RETURNING 1) SELECT count(*) FROM s`, d.person)
	return d
}

func (d *desk) staff(name string) models.Actor {
	d.t.Helper()
	return models.Actor{StaffID: d.number(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, '{compliance}') RETURNING id`, name), Name: name,
		Roles: []models.Role{models.RoleCompliance}}
}

func (d *desk) number(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (d *desk) expect(want int64, sql string, args ...any) {
	d.t.Helper()
	if got := d.number(sql, args...); got != want {
		d.t.Errorf("%s: %d, want %d", sql, got, want)
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// refused expects a refusal by its key.
func (d *desk) refused(err error, key string) {
	d.t.Helper()
	if e := keyOf(err); e != key {
		d.t.Errorf("got %v (%q), want %q", err, e, key)
	}
}

func (d *desk) invite() (id int64, phone onboarding.Door) {
	d.t.Helper()
	id, err := d.Invite(d.t.Context(), d.clara, d.person)
	d.must(err)
	return id, d.door("the phone")
}

// door comes in by the newest link with a device of that name.
func (d *desk) door(device string) onboarding.Door {
	return onboarding.Door{Token: d.tokens[len(d.tokens)-1], Device: hex.EncodeToString([]byte(device)), Address: "192.0.2.7", Agent: "test"}
}

var digits = regexp.MustCompile(`\b\d{6}\b`)

// code is what the newest mail says.
func (d *desk) code() string {
	d.t.Helper()
	m, err := d.Mail.Get(d.t.Context(), d.number(`SELECT max(id) FROM mails`))
	d.must(err)
	return digits.FindString(m.Body)
}

var (
	who  = kyc.Form{"person_kind": "natural", "doc_type": "CC", "doc_number": "1118534248", "first_names": "Marta Lucía", "last_names": "Ríos Peña", "divipola": "11001", "address": "Calle 1 # 2-3"}
	cash = kyc.Form{"payout_method": "efecty_cash"}
)

// declare fills everything in but the documents and the signature.
func (d *desk) declare(at onboarding.Door) {
	d.t.Helper()
	ctx := d.t.Context()
	d.must(d.Agree(ctx, at, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es", Sensitive: true}))
	d.must(d.Save(ctx, at, kyc.Step(kyc.Who), who))
	d.must(d.Save(ctx, at, kyc.Step(kyc.Contact), kyc.Form{"phone": "3001112233", "email": "nueva@example.org"}))
	d.must(d.VerifyContact(ctx, at, d.code()))
	d.must(d.Save(ctx, at, kyc.Step(kyc.Payment), cash))
	d.must(d.Save(ctx, at, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "natural_declarante"}))
	d.must(d.Save(ctx, at, kyc.Step(kyc.Declarations), kyc.Form{"pep": "no", "relative": "no", "funds": "commissions"}))
}

const (
	cardFront, cardBack = "documents/01a_cedula_frente.jpg", "documents/01b_cedula_reverso.jpg"
	otherFront          = "documents/02a_cedula_frente.jpg"
	taxPaper            = "documents/14_rut_natural.pdf"
)

// papers has the files arrive, and names them as one form does.
func (d *desk) papers(at onboarding.Door, form string, paths ...string) onboarding.Papers {
	d.t.Helper()
	in, err := d.Intake(d.t.Context(), at)
	d.must(err)
	p := onboarding.Papers{Form: form + strings.Repeat("-", 16)}
	for i, path := range paths {
		body := filestest.Read(d.t, path)
		u, err := d.Papers.Receive(d.t.Context(), in.From, models.FileUpload{Name: path[strings.IndexByte(path, '/')+1:], Size: int64(len(body))}, bytes.NewReader(body))
		d.must(err)
		side := models.SideWhole
		if len(paths) == 2 {
			side = []models.DocumentSide{models.SideFront, models.SideBack}[i]
		}
		p.Parts = append(p.Parts, documents.Part{Side: side, Upload: u.ID})
	}
	return p
}

// give sends the documents that are asked of a person.
func (d *desk) give(at onboarding.Door) {
	d.t.Helper()
	d.must(d.GivePaper(d.t.Context(), at, "identity", d.papers(at, "identity", cardFront, cardBack)))
	d.must(d.GivePaper(d.t.Context(), at, "rut", d.papers(at, "rut", taxPaper)))
}

// sign signs what stands there.
func (d *desk) sign(id int64, at onboarding.Door) error {
	d.t.Helper()
	st, err := d.Statement(d.t.Context(), id)
	d.must(err)
	return d.Sign(d.t.Context(), at, onboarding.Signing{Name: st.Signer, Seen: st.SHA256})
}

// submitted is a case that its payee sent.
func (d *desk) submitted() (id int64, at onboarding.Door) {
	d.t.Helper()
	id, at = d.invite()
	d.declare(at)
	d.give(at)
	d.must(d.sign(id, at))
	return id, at
}

// reviewed is a case that somebody looks at.
func (d *desk) reviewed() int64 {
	d.t.Helper()
	id, _ := d.submitted()
	d.state(id, kyc.InReview)
	return id
}

func (d *desk) state(id int64, to kyc.State) {
	d.t.Helper()
	_, err := d.DB.Pool.Exec(d.t.Context(), `UPDATE kyc_cases SET state = $2 WHERE id = $1`, id, string(to))
	d.must(err)
}

func (d *desk) apply(by models.Actor, id int64) error {
	return d.DB.InTx(d.t.Context(), func(tx *gorm.DB) error { return d.Apply(tx, by, id) })
}
