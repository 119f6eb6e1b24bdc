package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"pagaduria/services/mail"
)

func TestAddressOfTheMailServer(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"smtp://u:p@mail.example.co:587?from=pagos@example.co":  "",
		"smtps://u:p@mail.example.co:465?from=pagos@example.co": "",
		"smtp://127.0.0.1:1025?from=pagos@example.co&tls=none":  "",
		"smtp://u:hunter2@mail.example.co:587":                  "from",
		"http://mail.example.co":                                "must look like",
		"mail.example.co":                                       "must look like",
		"smtp://u:hunter2@mail.example.co:port?from=a@x.co":     "must look like",
	} {
		_, err := mail.NewSMTP(address)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", address, err, want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the password is told", address)
		}
	}
}

// letterbox takes one mail as a mail server does and answers it on the channel.
func letterbox(t *testing.T) (address string, got chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	got = make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		fmt.Fprint(conn, "220 letterbox\r\n")
		var text strings.Builder
		inText := false
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			line := lines.Text()
			switch {
			case inText && line == ".":
				inText = false
				fmt.Fprint(conn, "250 taken\r\n")
			case inText:
				text.WriteString(line + "\n")
			case line == "DATA":
				inText = true
				fmt.Fprint(conn, "354 go on\r\n")
			case line == "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
				got <- text.String()
				return
			default:
				fmt.Fprint(conn, "250 fine\r\n")
			}
		}
	}()
	return l.Addr().String(), got
}

func TestMailReachesTheServer(t *testing.T) {
	t.Parallel()
	address, got := letterbox(t)
	s, err := mail.NewSMTP("smtp://" + address + "?tls=none&from=pagos@example.co")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), "ana@x.co", "Su cuenta", "https://p.example/setup/abc"); err != nil {
		t.Fatal(err)
	}
	text := <-got
	for _, want := range []string{"Subject: Su cuenta", "ana@x.co", "pagos@example.co", "https://p.example/setup/abc"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, text)
		}
	}
}
