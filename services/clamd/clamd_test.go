package clamd_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/clamd"
	"pagaduria/services/files"
	"pagaduria/services/files/filestest"
)

// daemon speaks the protocol of clamd on a real socket: it finds the EICAR string, and takes no more than limit bytes.
func daemon(t *testing.T, network string, limit int) string {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "clamd.ctl")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				answer(conn, limit)
			}()
		}
	}()
	if network == "unix" {
		return "unix://" + address
	}
	return "tcp://" + l.Addr().String()
}

func answer(conn net.Conn, limit int) {
	r := bufio.NewReader(conn)
	command, err := r.ReadString(0)
	switch {
	case err != nil:
	case command == "zPING\x00":
		_, _ = io.WriteString(conn, "PONG\x00")
	case command == "zINSTREAM\x00":
		body, err := pieces(r, limit)
		switch {
		case errors.Is(err, errTooLong):
			_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
		case err != nil:
		case bytes.Contains(body, []byte("EICAR-STANDARD-ANTIVIRUS")):
			_, _ = io.WriteString(conn, "stream: Win.Test.EICAR_HDB-1 FOUND\x00")
		default:
			_, _ = io.WriteString(conn, "stream: OK\x00")
		}
	default:
		_, _ = io.WriteString(conn, "UNKNOWN COMMAND\x00")
	}
}

var errTooLong = errors.New("too long")

func pieces(r io.Reader, limit int) (body []byte, err error) {
	for {
		var n uint32
		if err := binary.Read(r, binary.BigEndian, &n); err != nil || n == 0 {
			return body, err
		}
		if len(body)+int(n) > limit {
			return nil, errTooLong
		}
		piece := make([]byte, n)
		if _, err := io.ReadFull(r, piece); err != nil {
			return nil, err
		}
		body = append(body, piece...)
	}
}

func open(t *testing.T, address string) *clamd.Scanner {
	t.Helper()
	s, err := clamd.New(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	t.Parallel()
	virus := filestest.File{Path: "hostile/h04_eicar.txt"}.Body(t)
	for _, network := range []string{"tcp", "unix"} {
		s := open(t, daemon(t, network, 1<<20))
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", network, err)
		}
		for _, c := range []struct {
			body  []byte
			found string
		}{
			{nil, ""}, {[]byte("a letter"), ""}, {virus, "Win.Test.EICAR_HDB-1"},
			{bytes.Repeat([]byte("long "), 60_000), ""}, {append(bytes.Repeat([]byte{1}, 300_000), virus...), "Win.Test.EICAR_HDB-1"},
		} {
			found, err := s.Scan(t.Context(), c.body)
			if err != nil || found != c.found {
				t.Errorf("%s, %d bytes: %q and %v, want %q", network, len(c.body), found, err, c.found)
			}
		}
	}
}

func TestWhateverIsNoClearAnswerIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := open(t, daemon(t, "tcp", 10)).Scan(t.Context(), bytes.Repeat([]byte("x"), 3<<20)); err == nil {
		t.Error("a daemon that took half of the file")
	}
	if _, err := open(t, "tcp://127.0.0.1:1").Scan(t.Context(), nil); err == nil {
		t.Error("nobody there")
	}
	for _, said := range []string{"", "stream: OK", "stream: \x00", "stream:  FOUND\x00", "OK\x00", "stream: OK ERROR\x00", "stream: INSTREAM: Can't write ERROR\x00"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = pieces(strings.NewReader(""), 0)
			r := bufio.NewReader(conn)
			_, _ = r.ReadString(0)
			_, _ = pieces(r, 1<<20)
			_, _ = io.WriteString(conn, said)
			_ = conn.Close()
		}()
		if found, err := open(t, "tcp://"+l.Addr().String()).Scan(t.Context(), []byte("x")); err == nil {
			t.Errorf("%q was taken for %q", said, found)
		}
		_ = l.Close()
	}
}

func TestADocumentIsRefusedWhenTheScannerIsDown(t *testing.T) {
	t.Parallel()
	photo := files.Incoming{Name: "cedula.jpg", Mime: "image/jpeg", Body: filestest.Read(t, "documents/07_cedula_extranjeria.jpg")}
	for _, c := range []struct {
		address string
		want    models.FileCode
	}{{daemon(t, "tcp", 1<<20), ""}, {"tcp://127.0.0.1:1", models.FileNotScanned}, {daemon(t, "tcp", 10), models.FileNotScanned}} {
		checker := files.New(files.Options{Scanner: open(t, c.address)})
		_, err := checker.Check(t.Context(), photo)
		if got := models.FileCodeOf(err); got != c.want || c.want == "" && err != nil {
			t.Errorf("%s: %q (%v), want %q", c.address, got, err, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"tcp://127.0.0.1:3310": true, "unix:///run/clamav/clamd.ctl": true, "": false, "127.0.0.1:3310": false, "tcp://host": false, "http://host:1": false, "unix://": false,
	} {
		if _, err := clamd.New(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
