package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/review"
	"pagaduria/views/urls"
)

// sent is a case that a payee filled in and signed.
func (s *site) sent() (id int64) {
	s.t.Helper()
	link := s.invite(s.stub("natural"))
	phone := s.browser()
	s.toSignature(phone, link)
	seen := seenField.FindStringSubmatch(s.get(phone, link+"/signature").body)[1]
	s.expectLedTo(s.fill(phone, link+"/signature", "name", "martha lucia rios peña", "seen", seen), link+"/receipt")
	return s.one(`SELECT max(id) FROM kyc_cases WHERE state = 'submitted'`)
}

// ask sends a form of a page to where it goes.
func (s *site) ask(c *http.Client, page, to string, fields ...string) answer {
	s.t.Helper()
	form := url.Values{"_csrf": {formToken(s.t, s.get(c, page))}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return s.post(c, to, form)
}

// colleague is another person of compliance.
func (s *site) colleague() (c *http.Client, id int64) {
	s.t.Helper()
	id = s.one(`INSERT INTO staff (email, name, roles, state, password_hash, totp_secret) SELECT 'eva@demo.test', 'Eva Gil', '{compliance}', state, password_hash, totp_secret
		FROM staff WHERE email = 'compliance@demo.test' RETURNING id`)
	cookie, _ := s.signedIn(id)
	c = s.browser()
	u, _ := url.Parse(s.URL)
	c.Jar.SetCookies(u, []*http.Cookie{cookie})
	return c, id
}

var lastField = regexp.MustCompile(`name="last" value="([0-9]+)"`)

func TestACaseIsTakenAndLookedThrough(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE due_at > submitted_at`); n != 1 {
		t.Fatal("the clock of the case does not run")
	}
	c := s.as("compliance@demo.test")
	queue := s.get(c, urls.Reviews())
	mustHave(t, queue, http.StatusOK, "Martha Lucía Ríos Peña", "Take next case", "left")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	mustHave(t, s.get(c, urls.Reviews()+"?tab=mine"), http.StatusOK, "Martha Lucía Ríos Peña")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Reviews())

	page := s.get(c, urls.ReviewItem(id, "who"))
	mustHave(t, page, http.StatusOK, "CC 1118534248", "The number differs", "Yours", `data-key="a"`, `data-key="j"`)
	verdict := func(c *http.Client, item string, fields ...string) answer {
		return s.ask(c, urls.ReviewItem(id, item), urls.ReviewVerdict(id, item), append([]string{"version", "1", "last", "0"}, fields...)...)
	}
	mustHave(t, verdict(c, "who", "verdict", "again"), http.StatusUnprocessableEntity, "Choose a reason")
	s.expectLedTo(verdict(c, "who", "verdict", "accept", "reason", "NAME_MISMATCH"), urls.ReviewItem(id, "contact"))
	mustHave(t, verdict(c, "who", "verdict", "reject", "reason", "NAME_MISMATCH"), http.StatusConflict, "Somebody else decided")
	s.expectLedTo(verdict(c, "contact", "verdict", "again", "reason", "NUMBER_MISMATCH"), urls.ReviewItem(id, "payment"))
	again := s.get(c, urls.ReviewItem(id, "contact"))
	mustHave(t, again, http.StatusOK, "El número no es el que declaró")
	if lastField.FindStringSubmatch(again.body)[1] == "0" {
		t.Error("the form does not say which decision was seen")
	}

	card := s.get(c, urls.ReviewItem(id, "identity"))
	mustHave(t, card, http.StatusOK, "Identity document", "/pages/", "Front and back", "Turn")
	if n := strings.Count(card.body, "<figure>"); n != 1 {
		t.Errorf("%d pages are shown at once", n)
	}
	if n := strings.Count(s.get(c, urls.ReviewItem(id, "identity")+"&show=all").body, "<figure>"); n != 2 {
		t.Errorf("%d pages are shown side by side", n)
	}
	turn := regexp.MustCompile(`action="(/distributors/[^"]+/turn)"`).FindStringSubmatch(card.body)[1]
	s.expectLedTo(s.ask(c, urls.ReviewItem(id, "identity"), turn, "back", urls.ReviewItem(id, "identity")), urls.ReviewItem(id, "identity"))

	other, _ := s.colleague()
	mustHave(t, s.get(other, urls.ReviewItem(id, "payment")), http.StatusOK, "reviews this case")
	mustHave(t, s.ask(other, urls.Reviews(), urls.ReviewVerdict(id, "payment"), "version", "1", "last", "0", "verdict", "accept"), http.StatusConflict, "Somebody else reviews")
	mustHave(t, s.get(c, urls.ReviewHere(id)), http.StatusOK, "Eva Gil has this case open too")

	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewNotes(id), "note", "¿La conoces, @Eva Gil?"), urls.Review(id)+"#h-notes")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewTags(id), "tag", "feria"), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)+"?log=notes"), http.StatusOK, "¿La conoces", "feria")
	mustHave(t, s.get(c, urls.Reviews()+"?tag=feria"), http.StatusOK, "Martha Lucía")
	mustHave(t, s.get(c, urls.Reviews()+"?tag=otra"), http.StatusOK, "Nothing matches")
}

func TestCasesAreHandedOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	c := s.as("compliance@demo.test")
	_, eva := s.colleague()
	ids := "ids=" + urls.Num(id)
	mustHave(t, s.get(c, urls.ReviewAssign()+"?"+ids), http.StatusOK, "Assign 1 case", "Eva Gil, has 0")
	mustHave(t, s.ask(c, urls.Reviews(), urls.ReviewAssign(), "ids", urls.Num(id)), http.StatusUnprocessableEntity, "Choose somebody who reviews")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewAssign(), "ids", urls.Num(id), "to", urls.Num(eva), "note", "Falta el banco"), urls.Review(id))
	mustHave(t, s.ask(c, urls.Review(id), urls.ReviewTake(id)), http.StatusConflict, "Somebody else has this case")
	mustHave(t, s.ask(c, urls.Review(id), urls.ReviewEscalate(id), "desk", "fraud"), http.StatusUnprocessableEntity, "Write something")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewEscalate(id), "desk", "fraud", "note", "Dos cédulas"), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "On the desk: Fraud", "Nobody has it")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewSnooze(id), "until", s.text(`SELECT to_char(now() + interval '3 days', 'YYYY-MM-DD')`), "note", "Responde el lunes"), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "Put off until")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewWake(id)), urls.Review(id))

	settings := s.get(c, urls.ReviewSettings())
	mustHave(t, settings, http.StatusOK, "Working days")
	seen := regexp.MustCompile(`name="seen" value="([0-9]+)"`).FindStringSubmatch(settings.body)[1]
	save := func(from string) answer {
		return s.ask(c, urls.ReviewSettings(), urls.ReviewSettings(), "seen", seen, "weekday", "1", "weekday", "6", "open_from", from, "open_to", "12:00", "due_hours", "4", "amber_hours", "1", "capacity", "5")
	}
	mustHave(t, save("13:00"), http.StatusUnprocessableEntity, "comes after its beginning")
	s.expectLedTo(save("07:00"), urls.ReviewSettings())
	mustHave(t, save("07:30"), http.StatusConflict, "changed these settings")
	mustHave(t, s.get(c, urls.ReviewShare()), http.StatusOK, "5 cases each at most")
}

// TestWhoMayReview asks for every page of the review as everybody.
func TestWhoMayReview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	look := map[string]bool{"compliance": true, "auditor": true}
	for _, role := range models.Roles {
		c := s.as(string(role) + "@demo.test")
		for _, r := range reviewRoutes(s.app.h) {
			path := strings.NewReplacer(":id", urls.Num(id), ":item", "who").Replace(r.Path)
			allowed := role == models.RoleCompliance || look[string(role)] && r.Perm == models.PermKYCQueue
			var a answer
			if r.Method == http.MethodGet {
				a = s.get(c, path+"?ids="+urls.Num(id))
			} else if !allowed {
				a = s.ask(c, urls.Home(), path)
			} else {
				continue // what happens is looked at elsewhere
			}
			if got := a.StatusCode != http.StatusForbidden; got != allowed {
				t.Errorf("%s %s %s: %s, want allowed %v", role, r.Method, path, a.Status, allowed)
			}
		}
	}
}

// accept accepts everything that was given in a case.
func (s *site) accept(c *http.Client, id int64) {
	s.t.Helper()
	for range 12 {
		page := s.get(c, urls.Review(id))
		m := regexp.MustCompile(`action="(/reviews/\d+/items/[a-z_]+)"`).FindStringSubmatch(page.body)
		if m == nil || !strings.Contains(page.body, "To decide") {
			return
		}
		version := regexp.MustCompile(`name="version" value="([0-9]+)"`).FindStringSubmatch(page.body)[1]
		last := lastField.FindStringSubmatch(page.body)[1]
		a := s.post(c, m[1], url.Values{"_csrf": {formToken(s.t, page)}, "version": {version}, "last": {last}, "verdict": {"accept"}})
		if a.StatusCode != http.StatusSeeOther {
			s.t.Fatalf("%s: %s\n%s", m[1], a.Status, a.body)
		}
	}
}

var seenVersion = regexp.MustCompile(`name="seen" value="([0-9]+)"`)

func (s *site) judge(c *http.Client, id int64, outcome string, fields ...string) answer {
	s.t.Helper()
	page := s.get(c, urls.ReviewDecide(id, outcome))
	m := seenVersion.FindStringSubmatch(page.body)
	if m == nil {
		return page
	}
	form := url.Values{"_csrf": {formToken(s.t, page)}, "seen": {m[1]}, "outcome": {outcome}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.post(c, urls.ReviewDecide(id, ""), form)
}

func TestACaseIsApprovedWhenEverythingIsAccepted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	c := s.as("compliance@demo.test")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "still to be accepted", `aria-disabled="true"`)
	mustHave(t, s.judge(c, id, "approve"), http.StatusOK, "still to be accepted")
	if a := s.ask(c, urls.Review(id), urls.ReviewDecide(id, ""), "seen", urls.Num(s.one(`SELECT version FROM kyc_cases WHERE id = $1`, id)), "outcome", "approve"); a.StatusCode != http.StatusConflict {
		t.Errorf("approved with open things: %s", a.Status)
	}
	s.accept(c, id)
	mustHave(t, s.get(c, urls.ReviewDecide(id, "approve")), http.StatusOK, "What changes on the distributor", "1118534248", "Approve Martha Lucía Ríos Peña")
	s.expectLedTo(s.judge(c, id, "approve"), urls.Review(id))
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_cases WHERE state = 'approved' AND due_at IS NULL`:                                                                  1,
		`SELECT count(*) FROM distributors WHERE code = 'T-1' AND verification = 'verified' AND verified_until > now() AND doc_number = '1118534248'`: 1,
		`SELECT count(*) FROM kyc_decisions WHERE state = 'final' AND checker_id IS NULL`:                                                             1,
		`SELECT count(*) FROM audit_events WHERE action = 'kyc.decide'`:                                                                               1,
		`SELECT count(*) FROM mails WHERE recipient = 'nueva@example.co' AND body LIKE '%quedaron aprobados%'`:                                        1,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "approved.")
	var d struct {
		Cases []struct {
			Trail struct {
				Decided   []kyc.Decided
				Decisions []kyc.CaseDecision
			}
		}
	}
	if err := json.Unmarshal(unpack(t, s.get(c, urls.CaseEvidence(id)))["dossier.json"], &d); err != nil || len(d.Cases[0].Trail.Decided) < 5 || len(d.Cases[0].Trail.Decisions) != 1 {
		t.Errorf("the evidence pack lacks what was decided: %+v, %v", d, err)
	}
	s.expectLedTo(s.get(c, urls.ReviewDecide(id, "approve")), urls.Review(id))
}

func TestAnExposedPersonIsApprovedByTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	s.one(`WITH a AS (INSERT INTO kyc_answers (case_id, item, version, answer, address, at) VALUES ($1, 'declarations', 2, '{"pep": true, "office": "Concejo de Cali", "relative": false, "funds": "commissions"}', '', now()) RETURNING 1)
		UPDATE kyc_items SET version = 2 WHERE case_id = $1 AND item = 'declarations' RETURNING 1`, id)
	c := s.as("compliance@demo.test")
	eva, _ := s.colleague()
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	s.accept(c, id)
	mustHave(t, s.get(c, urls.ReviewDecide(id, "approve")), http.StatusOK, "Four eyes: public office declared", "Propose to approve")
	s.expectLedTo(s.judge(c, id, "approve", "note", "Cargo hasta 2023"), urls.Review(id))
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE state = 'second_review'`); n != 1 {
		t.Fatal("the case does not wait for a second person")
	}
	decision := urls.Num(s.one(`SELECT max(id) FROM kyc_decisions`))
	mustHave(t, s.get(c, urls.ReviewDecide(id, "")), http.StatusOK, "You decided first", "Take the proposal back")
	mustHave(t, s.ask(c, urls.Review(id), urls.ReviewConfirm(id), "decision", decision), http.StatusForbidden, "You decided first")
	mustHave(t, s.get(eva, urls.Reviews()+"?tab=second_review"), http.StatusOK, "Martha Lucía")
	mustHave(t, s.get(eva, urls.ReviewDecide(id, "")), http.StatusOK, "proposes to approve", "Cargo hasta 2023", "Confirm: approve")
	mustHave(t, s.ask(eva, urls.Review(id), urls.ReviewReturn(id), "decision", decision), http.StatusUnprocessableEntity, "Say what is missing")
	s.expectLedTo(s.ask(eva, urls.Review(id), urls.ReviewReturn(id), "decision", decision, "answer", "Falta el origen de fondos"), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "sent the decision back", "Falta el origen de fondos", "Yours")
	mustHave(t, s.ask(eva, urls.Review(id), urls.ReviewConfirm(id), "decision", decision), http.StatusConflict, "decided already")

	s.expectLedTo(s.judge(c, id, "approve", "note", "Con soporte"), urls.Review(id))
	decision = urls.Num(s.one(`SELECT max(id) FROM kyc_decisions`))
	s.expectLedTo(s.ask(eva, urls.Review(id), urls.ReviewConfirm(id), "decision", decision), urls.Review(id))
	if n := s.one(`SELECT count(*) FROM kyc_decisions WHERE state = 'final' AND checker_id <> maker_id`); n != 1 {
		t.Error("no second person stands on the decision")
	}
	mustHave(t, s.get(eva, urls.Review(id)), http.StatusOK, "Confirmed by Eva Gil")
	for name, sql := range map[string]string{
		"one person twice":            `UPDATE kyc_decisions SET checker_id = maker_id WHERE state = 'final'`,
		"a second person taken away":  `UPDATE kyc_decisions SET checker_id = NULL WHERE state = 'final'`,
		"approved without a decision": `UPDATE kyc_cases SET state = 'rejected_final' WHERE state = 'approved'`,
	} {
		if _, err := s.app.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: the database takes it", name)
		}
	}
}

// TestTwoPeopleAnswerAProposalAtOnce has two officers answer the same proposal in the same moment, again and again.
func TestTwoPeopleAnswerAProposalAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	s.one(`WITH a AS (INSERT INTO kyc_answers (case_id, item, version, answer, address, at) VALUES ($1, 'declarations', 2, '{"pep": true, "office": "Concejo de Cali", "relative": false, "funds": "commissions"}', '', now()) RETURNING 1)
		UPDATE kyc_items SET version = 2 WHERE case_id = $1 AND item = 'declarations' RETURNING 1`, id)
	c := s.as("compliance@demo.test")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	s.accept(c, id)
	_, eva := s.colleague()
	leo := s.one(`INSERT INTO staff (email, name, roles) VALUES ('leo@demo.test', 'Leo', '{compliance}') RETURNING id`)
	people := []models.Actor{actorOf(eva, "Eva Gil", models.RoleCompliance), actorOf(leo, "Leo", models.RoleCompliance)}
	maker := actorOf(s.one(`SELECT id FROM staff WHERE email = 'compliance@demo.test'`), "Compliance", models.RoleCompliance)
	atOnce := func(what string, first, second func() error) {
		t.Helper()
		errs := make([]error, 2)
		var wait sync.WaitGroup
		wait.Go(func() { errs[0] = first() })
		wait.Go(func() { errs[1] = second() })
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%s: not one of two: %v, %v", what, errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil && models.KindOf(err) != models.Conflict {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	propose := func() error {
		_, err := s.app.h.Review.Judge(t.Context(), maker, id, review.Judgement{Outcome: kyc.Approving, Seen: int(s.one(`SELECT version FROM kyc_cases WHERE id = $1`, id))})
		return err
	}
	newest := func() int64 { return s.one(`SELECT max(id) FROM kyc_decisions`) }
	for range 4 {
		atOnce("proposed twice", propose, propose)
		decision := newest()
		atOnce("sent back twice", func() error { return s.app.h.Review.Return(t.Context(), people[0], id, decision, "Falta algo") },
			func() error { return s.app.h.Review.Return(t.Context(), people[1], id, decision, "Falta otra cosa") })
	}
	if err := propose(); err != nil {
		t.Fatal(err)
	}
	decision := newest()
	atOnce("confirmed and taken back", func() error { return s.app.h.Review.Confirm(t.Context(), people[0], id, decision) },
		func() error { return s.app.h.Review.Withdraw(t.Context(), maker, id, decision) })
	if s.one(`SELECT count(*) FROM kyc_cases WHERE state = 'approved'`) == 0 {
		if err := propose(); err != nil {
			t.Fatal(err)
		}
		decision = newest()
		atOnce("confirmed twice", func() error { return s.app.h.Review.Confirm(t.Context(), people[0], id, decision) },
			func() error { return s.app.h.Review.Confirm(t.Context(), people[1], id, decision) })
	}
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_decisions WHERE state = 'final'`:          1,
		`SELECT count(*) FROM kyc_decisions WHERE state = 'open'`:           0,
		`SELECT count(*) FROM verifications WHERE to_state = 'verified'`:    1,
		`SELECT count(*) FROM audit_events WHERE action = 'kyc.decide'`:     1,
		`SELECT count(*) FROM mails WHERE body LIKE '%quedaron aprobados%'`: 1,
		`SELECT count(*) FROM payout_methods WHERE retired_at IS NULL`:      1,
		`SELECT count(*) FROM kyc_decisions WHERE checker_id = maker_id`:    0,
		`SELECT count(*) FROM kyc_cases WHERE state = 'approved'`:           1,
		`SELECT count(*) FROM distributors WHERE verification = 'verified'`: 1,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
}

func TestThePayeeIsAskedAgainAndAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	c := s.as("compliance@demo.test")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	mustHave(t, s.ask(c, urls.Review(id), urls.ReviewAsk(id), "seen", urls.Num(s.one(`SELECT version FROM kyc_cases WHERE id = $1`, id))), http.StatusConflict, "Nothing is asked again")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewVerdict(id, "tax"), "version", "1", "last", "0", "verdict", "again", "reason", "DOC_WRONG_TYPE"), urls.ReviewItem(id, "declarations"))
	page := s.get(c, urls.Review(id))
	mustHave(t, page, http.StatusOK, "Ask the payee again for 1 thing")
	s.expectLedTo(s.ask(c, urls.Review(id), urls.ReviewAsk(id), "seen", seenVersion.FindStringSubmatch(page.body)[1]), urls.Review(id))
	mustHave(t, s.get(c, urls.Review(id)), http.StatusOK, "Waiting", "Paused", "was asked again")
	mustHave(t, s.get(c, urls.Reviews()+"?tab=waiting"), http.StatusOK, "Martha Lucía", "Asked again")
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE state = 'waiting' AND due_at IS NULL AND paused_at IS NOT NULL AND left_minutes BETWEEN 950 AND 960`); n != 1 {
		t.Error("the clock does not stand still")
	}
	link := payeeLink.FindString(s.lastMail("%"))
	phone := s.browser()
	if a := s.get(phone, link); a.StatusCode >= http.StatusBadRequest {
		t.Fatalf("the link opens nothing: %s", a.Status)
	}
	_, err := s.app.db.Pool.Exec(t.Context(), `UPDATE kyc_cases SET state = 'submitted', submitted_at = now() WHERE id = $1`, id)
	if err == nil {
		_, err = s.app.db.Pool.Exec(t.Context(), `UPDATE kyc_items SET state = 'given', again_text = '' WHERE case_id = $1 AND state = 'again'`, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.app.db.InTx(t.Context(), func(tx *gorm.DB) error { return s.app.h.Review.Received(tx, id) }); err != nil {
		t.Fatal(err)
	}
	mustHave(t, s.get(c, urls.Reviews()+"?tab=mine"), http.StatusOK, "Answered again")
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE due_at IS NOT NULL AND paused_at IS NULL AND reviewer_id IS NOT NULL`); n != 1 {
		t.Error("the clock does not run on for the same reviewer")
	}
}

func TestSeveralPayeesAreAskedForOneThingAndEachFailureIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.sent()
	second := s.one(`WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ('T-9', 'natural', 'CC', '52999009', 'Nidia', 'Cuero') RETURNING id)
		INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, staff_id, created_at, submitted_at, due_at, expires_at)
		SELECT id, 'submitted', 'natural', 'es', (SELECT min(id) FROM staff), now(), now(), now() + INTERVAL '1 day', now() + INTERVAL '30 days' FROM d RETURNING id`)
	c := s.as("compliance@demo.test")
	query := urls.ReviewAskMany() + "?ids=" + urls.Num(first) + "&ids=" + urls.Num(second)
	page := s.get(c, query)
	mustHave(t, page, http.StatusOK, "Ask 2 payees again", "Nidia Cuero", "Martha Lucía")
	form := url.Values{"_csrf": {formToken(t, page)}, "cases": {}, "item": {"tax"}, "reason": {"DOC_EXPIRED"}}
	for _, m := range regexp.MustCompile(`name="cases" value="([0-9.]+)"`).FindAllStringSubmatch(page.body, -1) {
		form["cases"] = append(form["cases"], m[1])
	}
	mustHave(t, s.post(c, urls.ReviewAskMany(), form), http.StatusUnprocessableEntity, "Choose a reason that fits", "Ask 2 payees again")
	form.Set("reason", "SANCTIONS_POSSIBLE")
	form.Set("item", "declarations")
	mustHave(t, s.post(c, urls.ReviewAskMany(), form), http.StatusUnprocessableEntity, "that payees may be told")
	if n := s.one(`SELECT count(*) FROM kyc_verdicts`); n != 0 {
		t.Fatalf("%d verdicts before anything was sent", n)
	}
	form.Set("item", "tax")
	form.Set("reason", "DOC_WRONG_TYPE")
	mustHave(t, s.post(c, urls.ReviewAskMany(), form), http.StatusOK, "1 payee was asked again", "1 payee was not asked", "Nidia Cuero", "The case does not ask for this")
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_cases WHERE state = 'waiting'`:                           1,
		`SELECT count(*) FROM kyc_verdicts WHERE verdict = 'again' AND item = 'tax'`:       1,
		`SELECT count(*) FROM kyc_cases WHERE state = 'submitted' AND reviewer_id IS NULL`: 1, // the other one is as it was
		`SELECT count(*) FROM kyc_links WHERE revoked_at IS NULL AND items = ARRAY['tax']`: 1,
		`SELECT count(*) FROM audit_events WHERE action = 'kyc.ask_again'`:                 1,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	mustHave(t, s.post(c, urls.ReviewAskMany(), form), http.StatusOK, "2 payees were not asked", "changed after you opened it")
	other, _ := s.colleague()
	mustHave(t, s.get(other, urls.ReviewAskMany()), http.StatusUnprocessableEntity, "Tick the cases first")
}

func TestARejectedPayeeIsNotPaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.sent()
	c := s.as("compliance@demo.test")
	s.expectLedTo(s.ask(c, urls.Reviews(), urls.ReviewNext()), urls.Review(id))
	mustHave(t, s.judge(c, id, "reject_final", "reason", "SANCTIONS_CONFIRMED"), http.StatusUnprocessableEntity, "Note why it is for good")
	s.expectLedTo(s.judge(c, id, "reject_final", "reason", "SANCTIONS_CONFIRMED", "note", "Lista OFAC"), urls.Review(id))
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_cases WHERE state = 'rejected_final'`:                                         1,
		`SELECT count(*) FROM distributors WHERE code = 'T-1' AND verification = 'suspended'`:                   1,
		`SELECT count(*) FROM mails WHERE recipient = 'nueva@example.co' AND body LIKE '%no fueron aprobados%'`: 1,
		`SELECT count(*) FROM mails WHERE body ~* 'sancion|OFAC'`:                                               0,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
}
