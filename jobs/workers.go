// Package jobs is the queue's door into the services: one small worker a kind of job, and the schedule of
// those that come round by the clock. Every job is safe to run twice.
package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"pagaduria/services/queue"
)

// jobTimeout bounds a job that names no limit of its own; rescueAfter is when River gives up on a running
// job whose process still lives. Jobs of processes that died come back at once: see rescuer.
const (
	jobTimeout  = 5 * time.Minute
	rescueAfter = time.Hour
)

// Client works jobs of one process until it is stopped.
type Client struct {
	river   *river.Client[pgx.Tx]
	rescuer *rescuer
}

// Options say how a Client works; Logger and Observe may be nil.
type Options struct {
	Workers  *river.Workers
	Periodic []*river.PeriodicJob
	Logger   *slog.Logger
	// Observe is told of every job that ended: completed, retried, cancelled or discarded.
	Observe func(kind, outcome string, took time.Duration)
}

// New makes a Client on the pool. Any number of them may run on one database.
func New(pool *pgxpool.Pool, o Options) (*Client, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	id := newID()
	c, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		ID:                   id,
		Workers:              o.Workers,
		PeriodicJobs:         o.Periodic,
		Logger:               slog.New(quieter{o.Logger.Handler()}),
		ErrorHandler:         failures{o.Logger},
		Middleware:           middleware(o.Observe),
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    time.Second,
		Queues: map[string]river.QueueConfig{
			queue.Default:  {MaxWorkers: 8},
			queue.Dispatch: {MaxWorkers: 4},
			queue.Bulk:     {MaxWorkers: 2},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("set up job queue: %w", err)
	}
	return &Client{river: c, rescuer: &rescuer{pool: pool, id: id, log: o.Logger}}, nil
}

// Start begins to work jobs and returns. ctx must outlive the client: cancelling it breaks jobs off.
func (c *Client) Start(ctx context.Context) error {
	if err := c.rescuer.start(ctx); err != nil {
		return err
	}
	if err := c.river.Start(ctx); err != nil {
		c.rescuer.stop()
		return fmt.Errorf("start job queue: %w", err)
	}
	return nil
}

// Stop takes no new jobs and waits for those at work; when ctx ends first they are broken off and will be
// taken up again.
func (c *Client) Stop(ctx context.Context) error {
	defer c.rescuer.stop()
	err := c.river.Stop(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.river.StopAndCancel(grace)
}

func newID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return "pagaduria-" + hex.EncodeToString(b)
}
