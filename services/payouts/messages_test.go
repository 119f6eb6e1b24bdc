package payouts_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/payouts"
	"pagaduria/services/sms"
	smssim "pagaduria/services/sms/sim"
	"pagaduria/services/vault"
)

// counter is an office with a telephone: payees have cash waiting, an outbox and a simulated SMS gateway spoken to over HTTP.
type counter struct {
	*office
	phones  *smssim.Gateway
	support models.Actor
}

func openCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{office: open(t), phones: &smssim.Gateway{}}
	server := httptest.NewServer(c.phones.Handler())
	t.Cleanup(server.Close)
	gateway, err := sms.NewGateway(server.URL+"/sms/messages", smssim.Token, "PAGOS")
	if err != nil {
		t.Fatal(err)
	}
	box, err := vault.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	c.Messenger = payouts.Messenger{Mail: mail.New(c.db, box, c.clock), SMS: gateway,
		Mailed: func(w models.PayeeWords) (string, string) { return string(w.Kind), w.Lang + " " + w.Reference },
		Texted: func(w models.PayeeWords) string { return string(w.Kind) + " " + w.Lang + " " + w.Reference }}
	c.support = c.person("Sofía", models.RoleSupport)
	return c
}

// waiting pays payees with these e-mails and phones until the cash waits for them, and returns their payouts.
func (c *counter) waiting(contacts ...[2]string) []int64 {
	c.t.Helper()
	for i, x := range contacts {
		id := c.payee("10203" + string(rune('0'+i)))
		c.owe(id, 100_000+int64(i)*1000)
		c.exec(`UPDATE distributors SET email = $2 WHERE id = $1`, id, x[0])
		if x[1] != "" {
			c.exec(`UPDATE distributors SET phone = $2 WHERE id = $1`, id, x[1])
		}
	}
	b := c.batch()
	c.approve(b)
	c.dispatch(c.load(b.ID))
	c.pass(time.Minute)
	c.poll()
	ids := make([]int64, len(contacts))
	for i := range ids {
		ids[i] = c.number(`SELECT p.id FROM payouts p JOIN distributors d ON d.id = p.distributor_id WHERE p.batch_id = $1 ORDER BY p.id OFFSET $2 LIMIT 1`, b.ID, i)
		if got := c.state(ids[i]); got != models.PayoutAvailable {
			c.t.Fatalf("payout %d is %s, want available", ids[i], got)
		}
	}
	return ids
}

func (c *counter) rules(available, reminder []models.Channel) {
	c.t.Helper()
	seen, err := c.MessageRules(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.SetMessageRules(c.t.Context(), c.maker, seen.ID, models.MessageRules{Available: available, Reminder: reminder, DaysBefore: 2}); err != nil {
		c.t.Fatal(err)
	}
}

// round runs the jobs as the schedule does.
func (c *counter) round() {
	c.t.Helper()
	if err := c.Announce(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if err := c.SendMessages(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// told is what the payee of a payout was told: kind, channel, state and failure of each, oldest first.
func (c *counter) told(payout int64) string {
	c.t.Helper()
	list, err := c.Messages(c.t.Context(), payout)
	if err != nil {
		c.t.Fatal(err)
	}
	var words []string
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		words = append(words, strings.TrimSpace(string(m.Kind)+" "+string(m.Channel)+" "+m.State+" "+m.Failure))
	}
	return strings.Join(words, ", ")
}

func TestPayeesAreToldWhenCashWaitsAndBeforeItExpires(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.rules(models.Channels, []models.Channel{models.ChannelSMS})
	id := c.waiting([2]string{"ana@example.co", ""})[0]
	c.round()
	c.round()
	if got, want := c.told(id), "available mail queued, available sms sent"; got != want {
		t.Fatalf("told %q, want %q", got, want)
	}
	rail := c.number(`SELECT rail_id::bigint FROM payouts WHERE id = $1`, id)
	if got := c.phones.Messages(); len(got) != 1 || got[0].To != "+573104028587" || got[0].Text != "available es "+strconv.FormatInt(rail, 10) {
		t.Errorf("the phone has %+v", got)
	}
	if n := c.number(`SELECT count(*) FROM mails WHERE recipient = 'ana@example.co' AND subject = 'available'`); n != 1 {
		t.Errorf("%d mails, want one", n)
	}
	c.exec(`UPDATE mails SET sent_at = now()`)
	c.pass(4 * 24 * time.Hour)
	c.round()
	if got := c.told(id); strings.Contains(got, "reminder") {
		t.Errorf("told %q three days before it expires", got)
	}
	c.pass(30 * time.Hour)
	c.round()
	c.round()
	if got, want := c.told(id), "available mail sent, available sms sent, reminder sms sent"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestNobodyIsToldUntilTheRulesSaySo(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.waiting([2]string{"ana@example.co", ""})[0]
	c.round()
	c.pass(time.Minute)
	c.rules(models.Channels, nil) // what waits already is not announced
	c.round()
	if got := c.told(id); got != "" {
		t.Errorf("told %q, want nothing", got)
	}
}

func TestAPayeeWithoutContactIsNamed(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.rules([]models.Channel{models.ChannelMail}, []models.Channel{models.ChannelMail})
	ids := c.waiting([2]string{"", ""}, [2]string{"bea@example.co", ""})
	c.round()
	c.round()
	if got, want := c.told(ids[0]), "available none failed no_contact"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	c.exec(`UPDATE distributors SET email = 'late@example.co' WHERE email = ''`)
	c.round()
	if got, want := c.told(ids[0]), "available none failed no_contact, available mail queued"; got != want {
		t.Errorf("once there is an address: told %q, want %q", got, want)
	}
	c.exec(`UPDATE distributors SET email = '', phone = '' WHERE email = 'late@example.co'`)
	r, err := c.RemindPreview(t.Context(), payouts.Filter{})
	if err != nil || len(r.NoContact) != 1 || r.NoContact[0].PayoutID != ids[0] || r.Told != 1 {
		t.Errorf("got %+v, %v, want one without contact and one who was told just now", r, err)
	}
}

// An outcome that is not known is not followed by a second message for an hour; nothing sent is tried again soon.
func TestWhatTheGatewayDidNotSay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fault  smssim.Fault
		first  string
		after  time.Duration // when it goes out
		before int           // requests until then
	}{
		{"taken and not said", smssim.Lost, "available sms queued unknown", time.Hour, 1},
		{"down", smssim.Down, "available sms queued unknown", time.Hour, 1},
		{"busy", smssim.Busy, "available sms queued unreachable", time.Minute, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := openCounter(t)
			c.rules([]models.Channel{models.ChannelSMS}, nil)
			id := c.waiting([2]string{"", ""})[0]
			c.phones.Inject(tt.fault)
			c.round()
			if got := c.told(id); got != tt.first {
				t.Fatalf("told %q, want %q", got, tt.first)
			}
			if err := c.TellAgain(t.Context(), c.support, id); models.KindOf(err) != models.Conflict {
				t.Errorf("asked for again while it is not known: %v", err)
			}
			c.pass(tt.after - time.Second)
			c.round()
			if got := c.phones.Asked(); got != tt.before {
				t.Errorf("%d requests a second before its time, want %d", got, tt.before)
			}
			c.pass(2 * time.Second)
			c.round()
			if got := c.told(id); got != "available sms sent" {
				t.Errorf("told %q", got)
			}
			if got := len(c.phones.Messages()); got != 1 {
				t.Errorf("%d messages reached the phone, want one", got)
			}
		})
	}
}

func TestAMessageIsGivenUpOrRefused(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.rules([]models.Channel{models.ChannelSMS}, nil)
	ids := c.waiting([2]string{"", ""}, [2]string{"", ""})
	c.phones.Inject(smssim.Refuse, smssim.Busy, smssim.Busy, smssim.Busy, smssim.Busy, smssim.Busy)
	for range 8 {
		c.round()
		c.pass(20 * time.Minute)
	}
	if a, b := c.told(ids[0]), c.told(ids[1]); a+", "+b != "available sms failed refused, available sms failed gave_up" && b+", "+a != "available sms failed refused, available sms failed gave_up" {
		t.Errorf("told %q and %q", a, b)
	}
	if got := len(c.phones.Messages()); got != 0 {
		t.Errorf("%d messages reached a phone", got)
	}
}

func TestNobodyIsRemindedOfMoneyThatWasCollected(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.waiting([2]string{"ana@example.co", ""})[0]
	if err := c.TellAgain(t.Context(), c.support, id); err != nil {
		t.Fatal(err)
	}
	c.rail.CollectAll()
	c.pass(time.Hour)
	c.poll()
	c.round()
	if got, want := c.told(id), "again mail dropped moved_on, again sms dropped moved_on"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestWhoSendsTheCodeAgainAndHowOften(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.waiting([2]string{"ana@example.co", ""})[0]
	auditor := c.person("Aura", models.RoleAuditor)
	if err := c.TellAgain(t.Context(), auditor, id); models.KindOf(err) != models.Forbidden {
		t.Errorf("the auditor: %v", err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 5)
	for i := range errs {
		wait.Go(func() { errs[i] = c.TellAgain(t.Context(), c.support, id) })
	}
	wait.Wait()
	sent := 0
	for _, err := range errs {
		if err == nil {
			sent++
		} else if models.KindOf(err) != models.Conflict {
			t.Error(err)
		}
	}
	if n := c.number(`SELECT count(*) FROM payee_messages`); sent != 1 || n != 2 {
		t.Errorf("of five clicks %d went through, %d messages; want one click and two messages", sent, n)
	}
	if n := c.number(`SELECT count(*) FROM audit_events WHERE action = 'messages.ask' AND subject_id = $1`, id); n != 1 {
		t.Errorf("%d audit events, want one", n)
	}
	for range 4 {
		c.pass(61 * time.Minute)
		if err := c.TellAgain(t.Context(), c.support, id); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(61 * time.Minute)
	if err := c.TellAgain(t.Context(), c.support, id); models.KindOf(err) != models.Conflict {
		t.Errorf("the sixth time in a day: %v", err)
	}
}

func TestManyAreRemindedAtOnceAfterACount(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.waiting([2]string{"a@example.co", ""}, [2]string{"b@example.co", ""}, [2]string{"c@example.co", ""})
	soon := payouts.Filter{ExpiresBefore: c.clock().AddDate(0, 0, 8)}
	r, err := c.RemindPreview(t.Context(), soon)
	if err != nil || r.Will.Count != 3 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if _, err := c.Remind(t.Context(), c.support, soon, 2); models.KindOf(err) != models.Conflict {
		t.Errorf("with another number than was shown: %v", err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wait.Go(func() { _, errs[i] = c.Remind(t.Context(), c.support, soon, 3) })
	}
	wait.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		}
	}
	if n := c.number(`SELECT count(*) FROM payee_messages`); done != 1 || n != 6 {
		t.Errorf("%d clicks went through with %d messages, want one with six: %v", done, n, errs)
	}
	c.round()
	if got := len(c.phones.Messages()); got != 3 {
		t.Errorf("%d phones rang, want 3", got)
	}
}

func TestManyWorkersSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.rules(models.Channels, nil)
	ids := c.waiting([2]string{"a@example.co", ""}, [2]string{"b@example.co", ""}, [2]string{"c@example.co", ""})
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if err := c.Announce(t.Context()); err != nil {
				t.Error(err)
			}
			if err := c.SendMessages(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	c.round()
	if got := c.phones.Asked(); got != len(ids) {
		t.Errorf("%d requests to the gateway, want %d", got, len(ids))
	}
	if n := c.number(`SELECT count(*) FROM mails WHERE subject = 'available'`); n != int64(len(ids)) {
		t.Errorf("%d mails, want %d", n, len(ids))
	}
}

func TestRulesSomebodyElseChangedAreNotOverwritten(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	c.rules(models.Channels, models.Channels)
	err := c.SetMessageRules(t.Context(), c.maker, 1, models.MessageRules{DaysBefore: 3})
	if models.KindOf(err) != models.Conflict {
		t.Errorf("from a stale page: %v", err)
	}
	if err := c.SetMessageRules(t.Context(), c.support, 2, models.MessageRules{DaysBefore: 3}); models.KindOf(err) != models.Forbidden {
		t.Errorf("by support: %v", err)
	}
	if n := c.number(`SELECT count(*) FROM audit_events WHERE action = 'messages.rules'`); n != 1 {
		t.Errorf("%d audit events, want one", n)
	}
}
