// Package clamd asks a ClamAV daemon about files, over TCP or a Unix socket, by its INSTREAM command.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

const (
	scanWithin  = 30 * time.Second
	chunkBytes  = 64 << 10
	answerLimit = 4 << 10
)

// Scanner is one daemon.
type Scanner struct{ network, address string }

// New reads an address like tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl. It opens no connection.
func New(address string) (*Scanner, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read scanner address: %w", err)
	case u.Scheme == "tcp" && u.Port() != "":
		return &Scanner{"tcp", u.Host}, nil
	case u.Scheme == "unix" && u.Path != "":
		return &Scanner{"unix", u.Path}, nil
	}
	return nil, errors.New("the scanner's address must be tcp://host:port or unix:///path")
}

// Scan sends a file and answers the name of what was found in it, "" for nothing. Whatever is not a clear answer is an
// error.
func (s *Scanner) Scan(ctx context.Context, body []byte) (found string, err error) {
	answer, err := s.ask(ctx, "zINSTREAM\x00", body)
	if err != nil {
		return "", fmt.Errorf("scan: %w", err)
	}
	verdict, ok := strings.CutPrefix(answer, "stream: ")
	name, infected := strings.CutSuffix(verdict, " FOUND")
	switch {
	case ok && verdict == "OK":
		return "", nil
	case ok && infected && name != "":
		return name, nil
	}
	return "", fmt.Errorf("scan: the daemon answers %q", answer)
}

// Ping answers whether the daemon is there.
func (s *Scanner) Ping(ctx context.Context) error {
	answer, err := s.ask(ctx, "zPING\x00", nil)
	if err == nil && answer != "PONG" {
		err = fmt.Errorf("the daemon answers %q", answer)
	}
	if err != nil {
		return fmt.Errorf("reach virus scanner: %w", err)
	}
	return nil
}

// ask sends a command and, for INSTREAM, the file in pieces that each say their length; a piece of length 0 ends it.
func (s *Scanner) ask(ctx context.Context, command string, body []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, scanWithin)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := bufio.NewWriterSize(conn, chunkBytes+4)
	_, _ = w.WriteString(command) // a writer keeps its first error for Flush
	for rest := body; len(rest) > 0; {
		piece := rest[:min(chunkBytes, len(rest))]
		_ = binary.Write(w, binary.BigEndian, uint32(len(piece)))
		_, _ = w.Write(piece)
		rest = rest[len(piece):]
	}
	if strings.HasPrefix(command, "zINSTREAM") {
		_ = binary.Write(w, binary.BigEndian, uint32(0))
	}
	sent := w.Flush()
	// The daemon may have answered and hung up before it read everything, e.g. because the stream was too long.
	answer, err := io.ReadAll(io.LimitReader(conn, answerLimit))
	if len(answer) == 0 {
		return "", errors.Join(sent, err, errors.New("the daemon hung up without an answer"))
	}
	text, whole := strings.CutSuffix(string(answer), "\x00")
	if !whole {
		return "", errors.New("the daemon hung up in the middle of its answer")
	}
	return strings.TrimSpace(text), nil
}
