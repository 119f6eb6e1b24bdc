package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// sample is what a number of clients saw who asked again and again.
type sample struct {
	rate float64 // a second
	p95  float64 // milliseconds
}

// drive lets clients work for a while, each in a loop of its own. begin makes a client; it answers what to repeat and
// how to end.
func drive(ctx context.Context, clients int, d time.Duration, begin func(i int) (repeat func() error, end func(), err error)) (sample, error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	ready, start := make(chan struct{}, clients), make(chan struct{})
	for i := range clients {
		group.Go(func() {
			times, err := loop(ctx, d, func() (func() error, func(), error) { return begin(i) }, ready, start)
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, times...), errors.Join(failed, err)
		})
	}
	for range clients {
		<-ready
	}
	began := time.Now()
	close(start)
	group.Wait()
	took := time.Since(began)
	if failed != nil {
		return sample{}, failed
	}
	slices.Sort(all)
	return sample{float64(len(all)) / took.Seconds(), milliseconds(all[len(all)*95/100])}, nil
}

func loop(ctx context.Context, d time.Duration, begin func() (func() error, func(), error), ready chan<- struct{}, start <-chan struct{}) ([]time.Duration, error) {
	repeat, end, err := begin()
	ready <- struct{}{}
	if err != nil {
		return nil, err
	}
	defer end()
	<-start
	times := make([]time.Duration, 0, 1<<16)
	for began := time.Now(); time.Since(began) < d; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		asked := time.Now()
		if err := repeat(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(asked))
	}
	return times, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median of the runs, of each measurement by itself.
func median(list []sample) sample {
	var rates, p95s []float64
	for _, s := range list {
		rates, p95s = append(rates, s.rate), append(p95s, s.p95)
	}
	return sample{middle(rates), middle(p95s)}
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// wire is one connection of a client that costs the machine little: the product shall have the cores.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

var (
	contentLength = []byte("content-length:")
	chunked       = []byte("transfer-encoding: chunked")
)

// ask sends a whole request and reads the whole answer; it answers the status and the bytes of the body.
func (w *wire) ask(request []byte) (status, size int, err error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, fmt.Errorf("not an answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, fmt.Errorf("not an answer: %q", line)
	}
	parts := false
	for {
		if line, err = w.in.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if hasPrefixFold(line, contentLength) {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return 0, 0, err
			}
		}
		parts = parts || hasPrefixFold(line, chunked)
	}
	if parts {
		size, err = w.skipChunks()
		return status, size, err
	}
	_, err = w.in.Discard(size)
	return status, size, err
}

func hasPrefixFold(line, prefix []byte) bool {
	return len(line) >= len(prefix) && bytes.EqualFold(line[:len(prefix)], prefix)
}

func (w *wire) skipChunks() (total int, err error) {
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return 0, err
		}
		if _, err := io.CopyN(io.Discard, w.in, n+2); err != nil {
			return 0, err
		}
		if n == 0 {
			return total, nil
		}
		total += int(n)
	}
}
