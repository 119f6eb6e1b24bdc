package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one of the programs of a run.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	took time.Duration // from start to the first 200
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// environment is what the product is told: an external database, and a folder of its own for files.
func (b *bench) environment() []string {
	return append(os.Environ(),
		"DATABASE_URL="+b.server.URL(runDB),
		"PAGADURIA_SECRET_KEY="+base64.StdEncoding.EncodeToString(b.key),
		"PAGADURIA_DATA_DIR="+filepath.Join(b.folder, "product"),
		"PAGADURIA_BASE_URL=http://"+productAddr,
		"PAGADURIA_ALLOW_LOOPBACK_HOOKS=on",
		"PAGADURIA_LOG=json")
}

// product starts the server, workers included, and waits until it answers.
func (b *bench) product(ctx context.Context, flags ...string) (*process, error) {
	return b.start(ctx, "product.log", "http://"+productAddr+"/readyz", b.program, append([]string{"serve", "--addr", productAddr}, flags...)...)
}

// with runs do while the product is up.
func (b *bench) with(ctx context.Context, do func(p *process) error, flags ...string) error {
	p, err := b.product(ctx, flags...)
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.stop())
}

func (b *bench) start(ctx context.Context, log, ready, program string, args ...string) (*process, error) {
	file, err := os.Create(filepath.Join(b.folder, log))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = b.environment(), file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		_ = file.Close()
		return nil, err
	}
	p := &process{cmd: cmd, log: file}
	if err := waitFor(ctx, ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not come up, see %s: %w", filepath.Base(program), file.Name(), err), p.stop())
	}
	p.took = time.Since(began)
	return p, nil
}

// waitFor asks until the address answers 200.
func waitFor(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// stop asks the process to end, and makes it when it does not.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		_ = p.log.Close()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == -1 { // ended by the signal itself
			return nil
		}
		return err
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("%s did not stop", p.cmd.Path)
	}
}

// command runs one of the product's commands and answers what it printed and how long it took.
func (b *bench) command(ctx context.Context, args ...string) (out []byte, took time.Duration, err error) {
	cmd := exec.CommandContext(ctx, b.program, args...)
	cmd.Env = b.environment()
	began := time.Now()
	out, err = cmd.Output()
	took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() == 2 && len(out) > 0 {
			return out, took, nil // rows were refused, and the answer says which
		}
		err = fmt.Errorf("%s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, took, err
}
