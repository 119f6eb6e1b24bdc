package onboarding_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
)

func (d *desk) askAgain(by models.Actor, id int64, asked ...kyc.Question) error {
	return d.DB.InTx(d.t.Context(), func(tx *gorm.DB) error { return d.AskAgain(tx, by, id, asked) })
}

const blurred = "La foto está borrosa. Tome otra con más luz."

func TestAskingAgainOpensOnlyWhatIsInQuestion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, old := d.submitted()
	d.state(id, kyc.InReview)
	d.must(d.askAgain(d.clara, id, kyc.Question{Item: "identity", Text: blurred}))

	if l := d.letters[len(d.letters)-1]; l.Kind != kyc.LetterAgain || len(l.Asked) != 1 || l.Asked[0].Text != blurred {
		t.Errorf("the payee is written %+v", l)
	}
	d.expect(1, `SELECT count(*) FROM mails WHERE recipient = 'nueva@example.org' AND subject = 'again'`)
	d.expect(1, `SELECT count(*) FROM kyc_cases WHERE state = 'waiting' AND asked_times = 1`)
	_, err := d.Open(ctx, old)
	d.refused(err, "onboarding.link.revoked")

	at := d.door("the phone")
	v, err := d.Open(ctx, at)
	d.must(err)
	if v.Access != "known" || len(v.Items) != 2 || v.Items[0].Item != "identity" || v.Items[0].Again != blurred || v.Answers["tax"] == nil {
		t.Errorf("the phone that sent it sees %+v of %+v", v.Access, v.Items)
	}
	stranger, err := d.Open(ctx, d.door("a laptop"))
	d.must(err)
	if stranger.Access != "locked" || stranger.Answers != nil {
		t.Errorf("another device is %s", stranger.Access)
	}
	d.refused(d.Save(ctx, at, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "regimen_simple"}), "onboarding.not_asked")
	d.refused(d.GivePaper(ctx, at, "rut", d.papers(at, "rut again", taxPaper)), "onboarding.not_asked")
	d.refused(d.sign(id, at), "onboarding.not_complete")

	d.must(d.GivePaper(ctx, at, "identity", d.papers(at, "better", otherFront, cardBack)))
	d.must(d.sign(id, at))
	d.expect(1, `SELECT count(*) FROM kyc_cases WHERE state = 'submitted' AND asked_times = 1`)
	d.expect(2, `SELECT count(*) FROM kyc_signatures`)
	d.expect(2, `SELECT version FROM kyc_items WHERE item = 'identity' AND state = 'given' AND again_text = ''`)
	d.expect(2, `SELECT count(*) FROM kyc_answers WHERE item = 'identity'`) // the new one beside the old one
	d.expect(1, `SELECT count(*) FROM audit_events WHERE action = 'kyc.ask_again' AND actor_name = 'Clara'`)
}

func TestWhatCannotBeAskedAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.reviewed()
	ok := kyc.Question{Item: "identity", Text: blurred}
	support := models.Actor{StaffID: d.diego.StaffID, Name: "Diego", Roles: []models.Role{models.RoleSupport}}
	for name, c := range map[string]struct {
		by    models.Actor
		asked []kyc.Question
		key   string
	}{
		"nothing":             {d.clara, nil, "kyc.refused.ask_nothing"},
		"what is not asked":   {d.clara, []kyc.Question{{Item: "shareholders", Text: blurred}}, "kyc.refused.ask_item"},
		"the signature alone": {d.clara, []kyc.Question{{Item: kyc.Signature, Text: blurred}}, "kyc.refused.ask_item"},
		"the same twice":      {d.clara, []kyc.Question{ok, ok}, "kyc.refused.ask_item"},
		"without words":       {d.clara, []kyc.Question{{Item: "identity", Text: " "}}, "kyc.refused.ask_text"},
		"with too many words": {d.clara, []kyc.Question{{Item: "identity", Text: strings.Repeat("a", 1001)}}, "kyc.refused.ask_text"},
		"by support":          {support, []kyc.Question{ok}, "error.not_yours"},
	} {
		if err := d.askAgain(c.by, id, c.asked...); keyOf(err) != c.key {
			t.Errorf("%s: %v, want %s", name, err, c.key)
		}
	}
	d.expect(1, `SELECT count(*) FROM kyc_cases WHERE state = 'in_review' AND asked_times = 0`)
	d.expect(0, `SELECT count(*) FROM kyc_items WHERE state = 'again'`)
	d.must(d.askAgain(d.clara, id, ok))
	d.refused(d.askAgain(d.clara, id, ok), "kyc.refused.state")
}
