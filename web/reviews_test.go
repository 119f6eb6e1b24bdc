package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pagaduria/models"
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
