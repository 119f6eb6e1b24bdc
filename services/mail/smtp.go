package mail

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP sends through one mail server.
type SMTP struct {
	client *gomail.Client
	from   string
}

// NewSMTP reads the address of a mail server:
//
//	smtp://user:password@mail.example.co:587?from=pagos@example.co   STARTTLS, required
//	smtps://user:password@mail.example.co:465?from=…                 TLS from the start
//	smtp://127.0.0.1:1025?from=…&tls=none                            no encryption, for a relay on the same machine
func NewSMTP(address string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, fmt.Errorf("PAGADURIA_SMTP_URL must look like smtp://user:password@mail.example.co:587?from=pagos@example.co")
	}
	from := u.Query().Get("from")
	if from == "" {
		return nil, fmt.Errorf("PAGADURIA_SMTP_URL must say who the mails are from: ?from=pagos@example.co")
	}
	options := []gomail.Option{gomail.WithTimeout(20 * time.Second)}
	switch {
	case u.Scheme == "smtps":
		options = append(options, gomail.WithSSLPort(false))
	case u.Query().Get("tls") == "none":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPortPolicy(gomail.TLSMandatory))
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		options = append(options, gomail.WithPort(port))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("read PAGADURIA_SMTP_URL: %w", err)
	}
	return &SMTP{client: client, from: from}, nil
}

// Send hands one plain-text mail to the server.
func (s *SMTP) Send(ctx context.Context, to, subject, body string) error {
	m := gomail.NewMsg()
	if err := m.From(s.from); err != nil {
		return fmt.Errorf("sender of a mail: %w", err)
	}
	if err := m.To(to); err != nil {
		return fmt.Errorf("recipient of a mail: %w", err)
	}
	m.Subject(subject)
	m.SetBodyString(gomail.TypeTextPlain, body)
	if err := s.client.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("send a mail: %w", err)
	}
	return nil
}
