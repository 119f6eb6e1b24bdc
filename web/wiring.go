package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/handlers"
	"pagaduria/jobs"
	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/carrier"
	"pagaduria/providers/d24"
	"pagaduria/services/alerts"
	"pagaduria/services/blobs"
	"pagaduria/services/checks"
	"pagaduria/services/commissions"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/dossier"
	"pagaduria/services/expiry"
	"pagaduria/services/exports"
	"pagaduria/services/imports"
	"pagaduria/services/mail"
	"pagaduria/services/onboarding"
	"pagaduria/services/orders"
	"pagaduria/services/payouts"
	"pagaduria/services/plans"
	"pagaduria/services/privacy"
	"pagaduria/services/requests"
	"pagaduria/services/review"
	"pagaduria/services/risk"
	"pagaduria/services/ros"
	"pagaduria/services/savedviews"
	"pagaduria/services/screening"
	"pagaduria/services/search"
	"pagaduria/services/sms"
	"pagaduria/services/staff"
	"pagaduria/services/tasks"
	"pagaduria/services/taxes"
	"pagaduria/services/tracking"
	"pagaduria/services/vault"
	"pagaduria/services/webhooks"
	dossierpages "pagaduria/views/dossier"
	"pagaduria/views/i18n"
	"pagaduria/views/notices"
	onboardingpages "pagaduria/views/onboarding"
	payoutpages "pagaduria/views/payouts"
	reviewpages "pagaduria/views/review"
	rospages "pagaduria/views/ros"
	"pagaduria/views/urls"
)

// How long an approval can be undone before payouts leave. Slips are noticed at once, when the page says how much was
// approved; longer would only delay payees. In the demo one wants to see what follows.
const (
	undoWindow     = 30 * time.Second
	demoUndoWindow = 10 * time.Second
)

// app is the product wired together: what every command that touches data works with.
type app struct {
	cfg     config
	log     *slog.Logger
	db      *database
	h       *handlers.Handlers
	metrics *metrics
	mailer  mail.Sender // nil without a mail server
	local   string      // address of this server, where the demo's simulators notify us; "" outside the demo
}

// openApp reads the configuration, opens the database and wires the services. close it after use.
func openApp(ctx context.Context, t *terminal, addr string, demo bool) (*app, error) {
	cfg, err := loadConfig(t.env, addr)
	if err != nil {
		return nil, err
	}
	log := newLogger(t.err, cfg.LogFormat)
	db, err := openMigrated(ctx, cfg, log, func(s string) { fmt.Fprintln(t.err, s) })
	if err != nil {
		return nil, err
	}
	a := &app{cfg: cfg, log: log, db: db, metrics: newMetrics(db.DB)}
	if err := a.wire(ctx, demo); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return a, nil
}

func (a *app) close() error {
	if a.h != nil && a.h.Blobs != nil {
		_ = a.h.Blobs.Close()
	}
	if a.h != nil && a.h.Documents != nil {
		_ = a.h.Documents.Files.Close()
	}
	return a.db.close()
}

// wire makes every service once.
func (a *app) wire(ctx context.Context, demo bool) error {
	keys, err := vault.New([]byte(a.cfg.SecretKey))
	if err != nil {
		return err
	}
	files, err := blobs.Open(ctx, a.cfg.BlobURL)
	if err != nil {
		return err
	}
	if a.cfg.SMTPURL != "" {
		if a.mailer, err = mail.NewSMTP(string(a.cfg.SMTPURL)); err != nil {
			return err
		}
	}
	db := a.db.DB
	h := &handlers.Handlers{DB: db, Blobs: files, Log: a.log, Now: time.Now, Demo: demo, Hooks: a.address("")}
	h.Mail = mail.New(db, keys, h.Now)
	h.Staff, err = staff.New(staff.Options{DB: db, Vault: keys, Mail: h.Mail, Now: h.Now, Demo: demo, Site: a.cfg.BaseURL, SetUp: func(token string) string {
		return a.address(urls.SetUp(token))
	}})
	if err != nil {
		return err
	}
	h.Payouts = &payouts.Service{DB: db, Vault: keys, Open: a.openRail, Now: h.Now, Observe: a.metrics.ObserveRail,
		HandOverAfter: undoWindow, Messenger: payouts.Messenger{Mail: h.Mail, Mailed: payoutpages.MessageMail, Texted: payoutpages.MessageText}}
	if a.cfg.SMSURL != "" {
		if h.Payouts.Messenger.SMS, err = sms.NewGateway(a.cfg.SMSURL, string(a.cfg.SMSToken), a.cfg.SMSFrom); err != nil {
			return err
		}
	}
	if demo {
		h.Payouts.HandOverAfter = demoUndoWindow
	}
	h.Webhooks = &webhooks.Service{DB: db, Payouts: h.Payouts, Now: h.Now}
	checker, err := openChecker(a.cfg)
	if err != nil {
		return err
	}
	h.Documents = &documents.Service{DB: db, Blobs: files, Vault: keys, Files: checker, Now: h.Now}
	h.Distributors = &distributors.Service{DB: db, Blobs: files, Mail: h.Mail, Today: a.today}
	h.Screening = &screening.Service{DB: db, Blobs: files, Now: h.Now}
	h.Onboarding, err = onboarding.New(onboarding.Options{DB: db, Blobs: files, Papers: h.Documents, Distributors: h.Distributors, Mail: h.Mail, Vault: keys, SMS: h.Payouts.Messenger.SMS, Now: h.Now, Today: a.today,
		Link: func(token string) string { return a.address(urls.Payee(token)) }, Mailed: onboardingpages.Mail, Texted: onboardingpages.Text})
	if err != nil {
		return err
	}
	h.Risk = &risk.Service{DB: db, Now: h.Now, Today: a.today}
	h.Expiry = &expiry.Service{DB: db, Onboarding: h.Onboarding, Now: h.Now, Today: a.today}
	h.Review = &review.Service{DB: db, Onboarding: h.Onboarding, Papers: h.Documents, Screening: h.Screening, Risk: h.Risk, Now: h.Now, Words: reviewpages.PayeeWords,
		Mailed: reviewpages.Mail}
	h.Onboarding.Received = h.Review.Received
	h.Dossier = &dossier.Service{DB: db, Distributors: h.Distributors, Documents: h.Documents, Onboarding: h.Onboarding, Screening: h.Screening, Risk: h.Risk,
		Now: h.Now, Write: dossierpages.Write}
	h.Privacy = &privacy.Service{DB: db, Distributors: h.Distributors, Documents: h.Documents, Now: h.Now, Today: a.today}
	h.ROSs = &ros.Service{DB: db, Now: h.Now, Today: a.today, Write: rospages.Write}
	h.Finder = &search.Service{DB: db}
	h.Orders = &orders.Service{DB: db, Vault: keys, Now: h.Now}
	h.Tracking = &tracking.Service{DB: db, Vault: keys, Now: h.Now, Open: func(url, token string) providers.Tracker {
		return carrier.New(carrier.Config{BaseURL: url, Token: token})
	}}
	h.Plans = &plans.Service{DB: db, Now: h.Now}
	h.Taxes = &taxes.Service{DB: db, Now: h.Now, Today: a.today}
	h.Commissions = &commissions.Service{DB: db, Now: h.Now, Rail: func(ctx context.Context) (commissions.RailCheck, error) {
		return h.Payouts.WhyNotByRail(ctx)
	}}
	h.Imports = &imports.Service{DB: db, Blobs: files, Today: a.today, Kinds: a.importKinds(h)}
	h.Views = &savedviews.Service{DB: db}
	h.Requests = &requests.Service{DB: db, Now: h.Now, Kinds: requestKinds(h)}
	h.Alerts = &alerts.Service{DB: db, Mail: h.Mail, Now: h.Now, Compose: func(locale, name string, list []models.Notice) (subject, body string) {
		return notices.Mail(a.address, locale, name, list)
	}}
	h.Exports = &exports.Service{DB: db, Blobs: files, Staff: h.Staff, Payouts: h.Payouts, Commissions: h.Commissions, Orders: h.Orders,
		Distributors: h.Distributors, Now: h.Now}
	h.Checks = &checks.Service{DB: db, Payouts: h.Payouts, Now: h.Now}
	h.Tasks = &tasks.Service{DB: db, Blobs: files, Now: h.Now, Kinds: a.taskKinds(h)}
	h.Sessions = &handlers.Sessions{Staff: h.Staff, Secure: !a.cfg.plainLoopback()}
	a.h = h
	return nil
}

// importKinds are the files that people upload.
func (a *app) importKinds(h *handlers.Handlers) []imports.Kind {
	return []imports.Kind{h.Distributors.ImportKind(), h.Orders.ImportKind(), h.Tracking.ImportKind(), h.Commissions.ImportKind()}
}

// requestKinds are the changes that need a second person; each area brings its own.
func requestKinds(h *handlers.Handlers) []requests.Kind {
	return slices.Concat(h.Distributors.RequestKinds(), h.Payouts.RequestKinds(), h.Screening.RequestKinds(), h.Review.RequestKinds(), h.Risk.RequestKinds(), h.Privacy.RequestKinds(), h.Orders.RequestKinds(), h.Plans.RequestKinds(), h.Taxes.RequestKinds())
}

// taskKinds are the kinds of long work.
func (a *app) taskKinds(h *handlers.Handlers) []tasks.Kind {
	return append(slices.Concat(h.Imports.TaskKinds(), h.Checks.TaskKinds()), h.Exports.TaskKind(), h.Payouts.TaskKind(), h.Onboarding.TaskKind(), h.Screening.TaskKind(), h.Expiry.TaskKind())
}

// today is the Bogotá date that files and documents are judged by, as midnight UTC.
func (a *app) today() time.Time {
	if !a.cfg.Today.IsZero() {
		return a.cfg.Today
	}
	year, month, day := time.Now().In(i18n.Bogota).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// address is a path of ours as people outside reach it.
func (a *app) address(path string) string {
	return strings.TrimSuffix(a.cfg.BaseURL.String(), "/") + path
}

// hooks is the address that rails send notifications to, without a path.
func (a *app) hooks() string {
	if a.local != "" {
		return "http://" + a.local
	}
	return a.address("")
}

// openRail makes the adapter of a connection; it is the one place that knows the rails by name.
func (a *app) openRail(c models.Connection, k models.Credentials) (providers.Provider, error) {
	switch c.Rail {
	case "d24":
		return d24.New(d24.Config{
			BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature,
			NotificationURL: a.hooks() + urls.WebhookIntake(c.Rail, c.Slug), Rate: float64(c.Rate), Concurrency: c.Concurrency,
		}), nil
	}
	return nil, fmt.Errorf("there is no rail %q", c.Rail)
}

// work starts the workers of this process; the answer stops them, waiting for jobs at work.
func (a *app) work(ctx context.Context) (stop func(context.Context) error, err error) {
	workers := river.NewWorkers()
	var schedule []*river.PeriodicJob
	schedule = append(schedule, jobs.AddPeople(workers, jobs.People{DB: a.db.DB, Staff: a.h.Staff, Mail: a.h.Mail, Mailer: a.mailer})...)
	schedule = append(schedule, jobs.AddDistributors(workers, a.h.Distributors)...)
	schedule = append(schedule, jobs.AddDocuments(workers, a.h.Documents)...)
	schedule = append(schedule, jobs.AddOnboarding(workers, a.h.Onboarding)...)
	schedule = append(schedule, jobs.AddScreening(workers, a.h.Screening)...)
	schedule = append(schedule, jobs.AddExpiry(workers, a.h.Expiry)...)
	schedule = append(schedule, jobs.AddRisk(workers, a.h.Risk)...)
	schedule = append(schedule, jobs.AddTasks(workers, a.h.Tasks)...)
	schedule = append(schedule, jobs.AddAlerts(workers, a.h.Alerts)...)
	schedule = append(schedule, jobs.AddTracking(workers, a.h.Tracking)...)
	schedule = append(schedule, jobs.AddMoney(workers, jobs.Money{Payouts: a.h.Payouts, Webhooks: a.h.Webhooks, Orders: a.h.Orders, Plans: a.h.Plans, Logger: a.log})...)

	alive := context.WithoutCancel(ctx) // a signal stops new work; what is at work is drained by stop
	beating, quiet := context.WithCancel(alive)
	if err := a.h.Payouts.Beat(beating); err != nil {
		quiet()
		return nil, err
	}
	client, err := jobs.New(a.db.Pool, jobs.Options{Workers: workers, Periodic: schedule, Logger: a.log, Observe: a.metrics.ObserveJob})
	if err == nil {
		err = client.Start(alive)
	}
	if err != nil {
		quiet()
		return nil, err
	}
	return func(ctx context.Context) error {
		defer quiet()
		return client.Stop(ctx)
	}, nil
}
