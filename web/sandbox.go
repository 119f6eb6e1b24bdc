package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/sms"
	smssim "pagaduria/services/sms/sim"
)

// sandboxAddr is where the rail simulators listen unless told otherwise.
const sandboxAddr = "127.0.0.1:8090"

// sandbox is the simulated rails and telephones on an address of this machine.
type sandbox struct {
	rail   *sim.Server
	server *http.Server
	addr   string
	failed chan error
}

// openSandbox starts the simulators on l. journal is the file that keeps their orders over a restart, "" for none.
func openSandbox(l net.Listener, journal string) (*sandbox, error) {
	rail, err := sim.New(sim.Options{Journal: journal})
	if err != nil {
		return nil, err
	}
	// A fault of the simulated rail keeps a request for a minute, so answers have longer.
	handler := http.NewServeMux()
	handler.Handle("/", rail.Handler())
	phones := (&smssim.Gateway{}).Handler()
	handler.Handle("/sms", phones)
	handler.Handle("/sms/", phones)
	s := &sandbox{rail: rail, addr: l.Addr().String(), failed: make(chan error, 1), server: &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: defaultWithin, WriteTimeout: 3 * time.Minute, IdleTimeout: idleTimeout}}
	go func() { s.failed <- s.server.Serve(l) }()
	return s, nil
}

// close stops the simulators; a request kept by a fault is broken off.
func (s *sandbox) close() error { return errors.Join(s.server.Close(), s.rail.Close()) }

// demoRails prepares serve --demo: simulators, a connection to them, data. addr is where this server listens.
func (a *app) demoRails(ctx context.Context, addr string) (stop func(), err error) {
	a.local = addr
	s, api, err := a.demoSandbox(ctx)
	if err != nil {
		return nil, err
	}
	stop = func() {
		if s != nil {
			_ = s.close() // the journal is written as things happen: nothing is lost
		}
	}
	site := strings.TrimSuffix(api, "/d24")
	if a.h.Payouts.Messenger.SMS == nil {
		if a.h.Payouts.Messenger.SMS, err = sms.NewGateway(site+"/sms/messages", smssim.Token, "PAGADURIA"); err != nil {
			stop()
			return nil, err
		}
	}
	if err := a.openDemo(ctx, api); err != nil {
		stop()
		return nil, err
	}
	a.log.InfoContext(ctx, "rail simulators", "api", api, "teller", site+"/teller", "phones", site+"/sms")
	return stop, nil
}

// demoSandbox starts the simulators of serve --demo, with their journal in the data folder, and answers where D24's API
// is. When those of the demo's connection run already, in another process, they are used, and s is nil.
func (a *app) demoSandbox(ctx context.Context) (s *sandbox, api string, err error) {
	c, err := a.h.Payouts.ConnectionBySlug(ctx, "d24", demoRail)
	if err == nil && sandboxAnswers(ctx, c.BaseURL) {
		return nil, c.BaseURL, nil
	}
	if err != nil && models.KindOf(err) != models.NotFound {
		return nil, "", err
	}
	if err := os.MkdirAll(a.cfg.DataDir, 0o755); err != nil {
		return nil, "", fmt.Errorf("make the data folder: %w", err)
	}
	l, err := net.Listen("tcp", sandboxAddr)
	if err != nil { // taken, so any free port will do
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, "", fmt.Errorf("open the rail simulators: %w", err)
		}
	}
	s, err = openSandbox(l, filepath.Join(a.cfg.DataDir, "sandbox.jsonl"))
	if err != nil {
		return nil, "", errors.Join(err, l.Close())
	}
	return s, "http://" + s.addr + "/d24", nil
}

// sandboxAnswers answers whether a simulator of this machine is there.
func sandboxAnswers(ctx context.Context, base string) bool {
	u, err := url.Parse(base)
	if err != nil || net.ParseIP(u.Hostname()) == nil || !net.ParseIP(u.Hostname()).IsLoopback() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host+"/sim/summary", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
