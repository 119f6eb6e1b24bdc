package onboarding_test

import (
	"encoding/base64"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pagaduria/models/kyc"
	"pagaduria/services/onboarding"
)

func TestALinkIsGoodForWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, at := d.invite()
	raw, err := base64.RawURLEncoding.DecodeString(at.Token)
	d.must(err)
	for i := range raw { // every byte counts: those of the nonce and those of the signature
		turned := append([]byte(nil), raw...)
		turned[i] ^= 1
		if _, err := d.Open(ctx, onboarding.Door{Token: base64.RawURLEncoding.EncodeToString(turned), Device: "x"}); keyOf(err) != "onboarding.link.unknown" {
			t.Errorf("byte %d turned: %v", i, err)
		}
	}
	for name, token := range map[string]string{"empty": "", "cut": at.Token[:20], "longer": at.Token + "AAAA", "with padding": at.Token + "=", "no base64": "*" + at.Token[1:]} {
		if _, err := d.Open(ctx, onboarding.Door{Token: token, Device: "x"}); keyOf(err) != "onboarding.link.unknown" {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := at
	stranger.Device = ""
	d.refused(d.Agree(ctx, stranger, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es"}), "onboarding.locked")

	d.declare(at)
	d.must(d.Revoke(ctx, d.clara, id))
	for name, err := range map[string]error{"save": d.Save(ctx, at, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "regimen_simple"}), "sign": d.Sign(ctx, at, onboarding.Signing{}),
		"send": d.GivePaper(ctx, at, "rut", onboarding.Papers{}), "code": d.ContactCode(ctx, at)} {
		if keyOf(err) != "onboarding.link.revoked" {
			t.Errorf("%s by a link that was withdrawn: %v", name, err)
		}
	}
	d.must(d.SendAgain(ctx, d.clara, id))
	newer := d.door("the phone")
	d.now = start.AddDate(0, 0, 15)
	_, err = d.Open(ctx, newer)
	d.refused(err, "onboarding.link.expired")
	d.refused(d.Save(ctx, newer, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "regimen_simple"}), "onboarding.link.expired")
	d.expect(1, `SELECT count(*) FROM kyc_answers WHERE item = 'tax'`)
	d.now = start.AddDate(0, 0, 61)
	_, expired, err := d.Tend(ctx)
	if err != nil || expired != 1 {
		t.Errorf("%d cases expired, %v", expired, err)
	}
	d.refused(d.SendAgain(ctx, d.clara, id), "kyc.refused.state")
}

func TestNothingChangesAfterItWasSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, at := d.invite()
	d.declare(at)
	d.give(at)
	late := d.papers(at, "late", otherFront, cardBack)
	d.must(d.sign(id, at))
	for name, err := range map[string]error{"a step": d.Save(ctx, at, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "regimen_simple"}), "a document": d.GivePaper(ctx, at, "identity", late),
		"the authorisation": d.Agree(ctx, at, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es"})} {
		if keyOf(err) != "onboarding.sent_already" {
			t.Errorf("%s after it was sent: %v", name, err)
		}
	}
	d.must(d.sign(id, at)) // sent twice is sent once
	d.expect(1, `SELECT count(*) FROM kyc_signatures`)
	d.expect(2, `SELECT count(*) FROM document_versions`)
	v, err := d.Open(ctx, at)
	if err != nil || v.Signed == nil || len(v.Given) != 2 {
		t.Errorf("the phone sees no receipt: %+v, %v", v.Signed, err)
	}
}

func TestWhatIsSignedIsWhatWasRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, at := d.invite()
	d.declare(at)
	d.give(at)
	st, err := d.Statement(t.Context(), id)
	d.must(err)
	d.must(d.GivePaper(t.Context(), at, "identity", d.papers(at, "another", otherFront, cardBack)))
	d.refused(d.Sign(t.Context(), at, onboarding.Signing{Name: st.Signer, Seen: st.SHA256}), "onboarding.changed")
	d.must(d.sign(id, at))
	d.expect(3, `SELECT count(*) FROM kyc_items i JOIN document_files f ON f.version_id = i.document_version_id JOIN kyc_signatures g ON g.case_id = i.case_id
		WHERE strpos(g.statement, encode(f.received_sha256, 'hex')) > 0`)
}

// TestManyAtOnce has several devices begin at once, and one form sent many times.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, at := d.invite()
	const many = 6
	at.Device = ""
	var let, locked atomic.Int64
	var first atomic.Value
	together := func(do func(n int)) {
		var wait sync.WaitGroup
		for n := range many {
			wait.Go(func() { do(n) })
		}
		wait.Wait()
	}
	together(func(n int) {
		mine := d.door("device " + string(rune('a'+n)))
		switch err := d.Agree(ctx, mine, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es", Sensitive: true}); keyOf(err) {
		case "onboarding.locked":
			locked.Add(1)
		default:
			if err != nil {
				t.Error(err)
			}
			let.Add(1)
			first.Store(mine)
		}
	})
	if let.Load() != 1 || locked.Load() != many-1 {
		t.Fatalf("%d devices were let in and %d not", let.Load(), locked.Load())
	}
	phone := first.Load().(onboarding.Door)
	together(func(n int) {
		who := kyc.Form{"person_kind": "natural", "doc_type": "CC", "doc_number": "1118534248", "first_names": "Marta " + string(rune('A'+n)), "last_names": "Ríos", "divipola": "11001", "address": "Calle 1"}
		if err := d.Save(ctx, phone, kyc.Step(kyc.Who), who); err != nil {
			t.Error(err)
		}
	})
	d.expect(many, `SELECT max(version) FROM kyc_answers WHERE item = 'who'`)
	d.declare(phone)
	same := d.papers(phone, "identity", cardFront, cardBack)
	together(func(int) {
		if err := d.GivePaper(ctx, phone, "identity", same); err != nil && keyOf(err) != "documents.refused" { // the uploads are gone with who was first
			t.Error(err)
		}
	})
	d.expect(1, `SELECT count(*) FROM document_versions`)
	d.must(d.GivePaper(ctx, phone, "rut", d.papers(phone, "rut", taxPaper)))
	together(func(int) {
		if err := d.sign(id, phone); err != nil {
			t.Error(err)
		}
	})
	d.expect(1, `SELECT count(*) FROM kyc_signatures`)
	d.expect(1, `SELECT count(*) FROM events WHERE kind = 'kyc.submitted'`)
}

// breakOff ends every connection that is in the middle of a transaction, as a process that is killed does.
func (d *desk) breakOff() {
	_, _ = d.DB.Pool.Exec(d.t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()`)
}

func TestNothingIsLostWhenAProcessDies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, at := d.invite()
	d.declare(at)
	sent := d.papers(at, "identity", cardFront, cardBack)

	clock, died := d.Papers.Now, false
	d.Papers.Now = func() time.Time { // asked in the transaction of the version
		if !died {
			died = true
			d.breakOff()
		}
		return clock()
	}
	if err := d.GivePaper(ctx, at, "identity", sent); err == nil || !died {
		t.Fatalf("it did not die: %v", err)
	}
	d.expect(0, `SELECT count(*) FROM documents`)
	d.expect(2, `SELECT count(*) FROM document_uploads WHERE received = size`)
	d.must(d.GivePaper(ctx, at, "identity", sent))
	d.expect(1, `SELECT count(*) FROM kyc_items WHERE item = 'identity' AND state = 'given' AND document_version_id IS NOT NULL`)
	d.must(d.GivePaper(ctx, at, "rut", d.papers(at, "rut", taxPaper)))

	mailed := d.Mailed
	died = false
	d.Mailed = func(l kyc.Letter) (subject, body string) { // the receipt is written last
		if l.Kind == kyc.LetterReceipt && !died {
			died = true
			d.breakOff()
		}
		return mailed(l)
	}
	if err := d.sign(id, at); err == nil || !died {
		t.Fatalf("it did not die: %v", err)
	}
	d.expect(1, `SELECT count(*) FROM kyc_cases WHERE state = 'started'`)
	d.expect(0, `SELECT count(*) FROM kyc_signatures`)
	v, err := d.Open(ctx, at)
	if err != nil || v.Answers["tax"] == nil || len(v.Given) != 2 {
		t.Errorf("what was typed and sent is gone: %v, %v", v.Answers, err)
	}
	d.must(d.sign(id, at))
	d.expect(1, `SELECT count(*) FROM kyc_signatures`)
	d.expect(1, `SELECT count(*) FROM mails WHERE subject = 'receipt'`)
}
