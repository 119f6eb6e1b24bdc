package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/views/urls"
)

const sessionCookie = "pagaduria"

// records are queries for what the first parameter of a path stands for: a record that shows much.
var records = map[string]string{
	"/distributors/:id":        `SELECT distributor_id FROM payouts WHERE state = 'paid' ORDER BY id DESC LIMIT 1`,
	"/distributors/import/:id": `SELECT max(id) FROM imports WHERE kind = 'distributors'`,
	"/orders/import/:id":       `SELECT max(id) FROM imports WHERE kind = 'orders'`,
	"/commissions/import/:id":  `SELECT max(id) FROM imports WHERE kind = 'commissions'`,
	"/tracking/import/:id":     `SELECT max(id) FROM imports WHERE kind = 'tracking'`,
	"/orders/:id":              `SELECT o.id FROM orders o JOIN commission_lines l ON l.order_number = o.number ORDER BY o.id DESC LIMIT 1`,
	"/batches/:id":             `SELECT id FROM batches ORDER BY items DESC, id DESC LIMIT 1`,
	"/rules/:id":               `SELECT max(id) FROM rule_versions`,
	"/payouts/:id":             `SELECT max(id) FROM payouts WHERE state = 'paid'`,
	"/webhooks/events/:id":     `SELECT max(id) FROM webhook_events`,
	"/connections/:id":         `SELECT min(id) FROM connections`,
	"/staff/:id":               `SELECT max(id) FROM staff`,
	"/outbox/:id":              `SELECT max(id) FROM mails`,
	"/requests/:id":            `SELECT max(id) FROM requests`,
	"/tasks/:id":               `SELECT max(id) FROM tasks`,
	"/schedules/:id":           `SELECT min(id) FROM schedules`,
	"/contradictions/:id":      `SELECT max(id) FROM contradictions`,
	"/topups/:topup":           `SELECT max(id) FROM float_topups`,
	"/caps/:cap":               `SELECT max(id) FROM caps`,
}

// addresses are queries for whole paths, where ids depend on each other.
var addresses = map[string]string{
	"/distributors/:id/methods/:method/retire": `SELECT format('/distributors/%s/methods/%s/retire', distributor_id, id) FROM payout_methods ORDER BY id LIMIT 1`,
	"/batches/:id/payouts/:payout":             `SELECT format('/batches/%s/payouts/%s', batch_id, payout_id) FROM payout_findings ORDER BY payout_id DESC LIMIT 1`,
	"/batches/:id/payouts/:payout/remove":      `SELECT format('/batches/%s/payouts/%s/remove', batch_id, id) FROM payouts ORDER BY id DESC LIMIT 1`,
	"/batches/:id/remove":                      `SELECT format('/batches/%s/remove?ids=%s', batch_id, id) FROM payouts ORDER BY id DESC LIMIT 1`,
	"/exports/statement":                       `SELECT format('/exports/statement?distributor=%s', min(id)) FROM distributors`,
	"/distributors/decisions":                  `SELECT '/distributors/decisions?ids=' || min(id) FROM distributors`,
	"/batches/decide":                          `SELECT '/batches/decide?all=1'`,
	"/commissions/hold":                        `SELECT '/commissions/hold?ids=' || max(id) FROM commission_lines`,
	"/commissions/release":                     `SELECT '/commissions/release?ids=' || max(id) FROM commission_lines`,
	"/failures/reissue":                        `SELECT '/failures/reissue?ids=' || max(id) FROM payouts WHERE state = 'expired'`,
}

// noPages are GET routes that are files of everything, for programs, or not for somebody who is signed in.
var noPages = regexp.MustCompile(`\.csv$|/file$|^/(healthz|readyz|metrics|static/\*|signin.*|setup/:token)$|/evidence/`)

// The walk asks for every page so many times.
const walkTimes = 20

// measureWalk is figure 27: the 95th percentile of the slowest page of the app, one asked for after the other.
func measureWalk(ctx context.Context, b *bench) error {
	return b.with(ctx, func(*process) error {
		cookie, err := b.allRoles(ctx)
		if err != nil {
			return err
		}
		paths, unknown, err := b.everyPage(ctx, cookie)
		if err != nil {
			return err
		}
		slowest, err := b.walk(ctx, cookie, paths)
		if err != nil {
			return err
		}
		say("     %d pages; without a record to show: %s", len(paths), strings.Join(unknown, " "))
		b.add(27, slowest, 0)
		return nil
	}, "--no-worker")
}

// walk asks for each path again and again, says which were the slowest and answers the worst p95 in milliseconds.
func (b *bench) walk(ctx context.Context, cookie string, paths []string) (float64, error) {
	type seen struct {
		path   string
		p95    float64
		status int
		size   int
	}
	var all []seen
	for _, path := range paths {
		w, err := dial(productAddr)
		if err != nil {
			return 0, err
		}
		request, times := get(path, cookie), []time.Duration{}
		s := seen{path: path}
		for began := time.Now(); len(times) < walkTimes && (len(times) < 3 || time.Since(began) < 5*time.Second) && ctx.Err() == nil; {
			asked := time.Now()
			if s.status, s.size, err = w.ask(request); err != nil {
				break
			}
			times = append(times, time.Since(asked))
		}
		w.close()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		times = times[1:] // the first one warms
		slices.Sort(times)
		if s.status >= 500 || s.status == 403 {
			return 0, fmt.Errorf("%s was answered %d", path, s.status)
		}
		s.p95 = milliseconds(times[len(times)*95/100])
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y seen) int { return int(y.p95*1000) - int(x.p95*1000) })
	for _, s := range all[:min(10, len(all))] {
		say("     %8.2f ms  %d  %6d bytes  %s", s.p95, s.status, s.size, s.path)
	}
	return all[0].p95, nil
}

// allRoles makes somebody who may see everything and answers the cookie of their session.
func (b *bench) allRoles(ctx context.Context) (string, error) {
	var id int64
	err := b.db.Pool.QueryRow(ctx, `
INSERT INTO staff (email, name, roles, state, password_hash, totp_secret) VALUES ('all@bench.test', 'Todo', $1, 'active', 'x', 'x')
ON CONFLICT (email) DO UPDATE SET version = staff.version RETURNING id`, models.Roles).Scan(&id)
	if err != nil {
		return "", err
	}
	cookie, hash := newSession()
	_, err = b.db.Pool.Exec(ctx, crowdSession, [][]byte{hash}, []int64{id})
	return cookie, err
}

// newSession makes a session's cookie and what the database keeps of it.
func newSession() (cookie string, hash []byte) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: see crypto/rand
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	sum := sha256.Sum256([]byte(token))
	return sessionCookie + "=" + token, sum[:]
}

var routeLine = regexp.MustCompile(`GET (/[^\s<]*)`)

// everyPage reads the route table off the page of permissions and finds a real address for each of its pages.
func (b *bench) everyPage(ctx context.Context, cookie string) (paths, unknown []string, err error) {
	text, err := b.read(ctx, urls.Permissions(), cookie)
	if err != nil {
		return nil, nil, err
	}
	for _, found := range routeLine.FindAllStringSubmatch(text, -1) {
		pattern := html.UnescapeString(found[1])
		if noPages.MatchString(pattern) || slices.Contains(paths, pattern) {
			continue
		}
		path, err := b.addressOf(ctx, pattern)
		if err != nil {
			return nil, nil, err
		}
		if path == "" {
			unknown = append(unknown, pattern)
			continue
		}
		paths = append(paths, path)
	}
	if len(paths) < 30 {
		return nil, nil, fmt.Errorf("the page of permissions lists %d pages", len(paths))
	}
	return paths, unknown, nil
}

// read answers a page's text without tags, so that what stands in several elements is one line.
func (b *bench) read(ctx context.Context, path, cookie string) (string, error) {
	text, err := fetch(ctx, plainClient, path, cookie)
	return strings.Join(strings.Fields(tag.ReplaceAllString(text, " ")), " "), err
}

var tag = regexp.MustCompile(`<[^>]*>`)

var firstParameter = regexp.MustCompile(`:[a-z]+`)

// addressOf is a real address of a pattern, "" when there is no record for it.
func (b *bench) addressOf(ctx context.Context, pattern string) (string, error) {
	if sql, ok := addresses[pattern]; ok {
		var path *string
		err := b.db.Pool.QueryRow(ctx, sql).Scan(&path)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && path == nil {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", pattern, err)
		}
		return *path, nil
	}
	first := firstParameter.FindString(pattern)
	if first == "" {
		return pattern, nil
	}
	root := pattern[:strings.Index(pattern, first)+len(first)]
	sql, ok := records[root]
	if !ok || strings.Count(pattern, ":") > 1 {
		return "", nil
	}
	var id *int64
	err := b.db.Pool.QueryRow(ctx, sql).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && id == nil {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", pattern, err)
	}
	return strings.Replace(pattern, first, fmt.Sprint(*id), 1), nil
}
