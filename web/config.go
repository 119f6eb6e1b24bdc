package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pagaduria/services/clamd"
	"pagaduria/services/vault"
)

// Secret is a value that is never printed, whatever prints it.
type Secret string

const masked = "[secret]"

func (s Secret) String() string               { return masked }
func (s Secret) GoString() string             { return masked }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(masked) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// Format masks the value for every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// config is the environment, read and checked once at the start.
type config struct {
	DatabaseURL        Secret // "" = embedded Postgres
	DataDir            string // absolute
	Addr               string
	BaseURL            *url.URL
	SecretKey          Secret // 32 bytes
	BlobURL            string
	SMTPURL            Secret
	ClamdURL           string // virus scanner; "" = none
	SMSURL             string // gateway of short messages to payees, "" = none
	SMSToken           Secret
	SMSFrom            string
	Today              time.Time // zero = the real date
	TrustedProxies     []netip.Prefix
	MetricsToken       Secret
	AllowLoopbackHooks bool
	LogFormat          string
}

// embedded answers whether the product runs its own Postgres.
func (c config) embedded() bool { return c.DatabaseURL == "" }

// loopback answers whether the server listens on this machine only.
func (c config) loopback() bool {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// problems gathers everything wrong with the environment, to be told at once.
type problems []string

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, name+" "+fmt.Sprintf(format, args...))
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return usageError{"The configuration is not usable: " + strings.Join(p, "; ") + "."}
}

// loadConfig reads the environment. addr is the flag of the command, "" when there is none.
func loadConfig(env func(string) string, addr string) (config, error) {
	var p problems
	c := config{
		DatabaseURL: Secret(env("DATABASE_URL")), SMTPURL: Secret(env("PAGADURIA_SMTP_URL")),
		MetricsToken: Secret(env("PAGADURIA_METRICS_TOKEN")),
		SMSURL:       env("PAGADURIA_SMS_URL"), SMSToken: Secret(env("PAGADURIA_SMS_TOKEN")), SMSFrom: env("PAGADURIA_SMS_FROM"),
	}
	c.readPlaces(env, addr, &p)
	c.readToday(env("PAGADURIA_TODAY"), &p)
	c.readProxies(env("PAGADURIA_TRUSTED_PROXIES"), &p)
	c.AllowLoopbackHooks = readSwitch("PAGADURIA_ALLOW_LOOPBACK_HOOKS", env, &p)
	c.LogFormat = env("PAGADURIA_LOG")
	if c.LogFormat != "" && c.LogFormat != "text" && c.LogFormat != "json" {
		p.add("PAGADURIA_LOG", "must be text or json")
	}
	if !c.embedded() {
		checkURL("DATABASE_URL", string(c.DatabaseURL), &p, "postgres", "postgresql")
	}
	if c.SMTPURL != "" {
		checkURL("PAGADURIA_SMTP_URL", string(c.SMTPURL), &p, "smtp", "smtps")
	}
	if c.SMSURL != "" {
		checkURL("PAGADURIA_SMS_URL", c.SMSURL, &p, "https", "http")
	}
	if c.ClamdURL = env("PAGADURIA_CLAMD_URL"); c.ClamdURL != "" {
		if _, err := clamd.New(c.ClamdURL); err != nil {
			p.add("PAGADURIA_CLAMD_URL", "must be tcp://host:port or unix:///path of clamd")
		}
	}
	c.readSecretKey(env("PAGADURIA_SECRET_KEY"), &p)
	return c, p.err()
}

func (c *config) readPlaces(env func(string) string, addr string, p *problems) {
	dir, err := filepath.Abs(or(env("PAGADURIA_DATA_DIR"), ".data"))
	if err != nil {
		p.add("PAGADURIA_DATA_DIR", "is not a path")
	}
	c.DataDir = dir
	c.Addr = or(addr, or(env("PAGADURIA_ADDR"), "127.0.0.1:8080"))
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		p.add("PAGADURIA_ADDR", "must be host:port, like 127.0.0.1:8080")
	}
	base := or(env("PAGADURIA_BASE_URL"), "http://"+c.Addr)
	if c.BaseURL = checkURL("PAGADURIA_BASE_URL", base, p, "http", "https"); c.BaseURL != nil && strings.Trim(c.BaseURL.Path, "/") != "" {
		p.add("PAGADURIA_BASE_URL", "must have no path")
	}
	c.BlobURL = or(env("PAGADURIA_BLOB_URL"), (&url.URL{Scheme: "file", Path: filepath.Join(dir, "blobs")}).String())
	checkURL("PAGADURIA_BLOB_URL", c.BlobURL, p, "file", "s3")
}

// checkURL does not repeat the value: it may hold a password.
func checkURL(name, value string, p *problems, schemes ...string) *url.URL {
	u, err := url.Parse(value)
	if err == nil {
		for _, s := range schemes {
			if u.Scheme == s && (u.Host != "" || s == "file" && u.Path != "" || strings.HasPrefix(s, "postgres")) {
				return u
			}
		}
	}
	p.add(name, "must be an address that starts with %s://", strings.Join(schemes, ":// or "))
	return nil
}

func (c *config) readToday(value string, p *problems) {
	if value == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		p.add("PAGADURIA_TODAY", "must be a date like 2026-03-01")
		return
	}
	if !c.embedded() {
		p.add("PAGADURIA_TODAY", "is for trying things out and is refused with DATABASE_URL")
		return
	}
	c.Today = day
}

func (c *config) readProxies(value string, p *problems) {
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			p.add("PAGADURIA_TRUSTED_PROXIES", "has %q, which is not a CIDR like 10.0.0.0/8", part)
			continue
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
}

func readSwitch(name string, env func(string) string, p *problems) bool {
	switch strings.ToLower(env(name)) {
	case "", "0", "off", "false", "no":
		return false
	case "1", "on", "true", "yes":
		return true
	}
	p.add(name, "must be on or off")
	return false
}

// readSecretKey takes the key of the environment, or the one kept in the data folder, which is made on
// the first start. With a database of one's own it must be given: the folder may not outlive the process.
func (c *config) readSecretKey(value string, p *problems) {
	if value == "" && !c.embedded() {
		p.add("PAGADURIA_SECRET_KEY", "must be set with DATABASE_URL: make one with `openssl rand -base64 32` and keep it")
		return
	}
	if value == "" && c.DataDir != "" {
		kept, err := keptKey(c.DataDir)
		if err != nil {
			p.add("PAGADURIA_SECRET_KEY", "is not set and none can be kept in the data folder: %v", err)
			return
		}
		value = kept
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil || len(key) != vault.KeySize {
		p.add("PAGADURIA_SECRET_KEY", "must be %d bytes in base64: make one with `openssl rand -base64 32`", vault.KeySize)
		return
	}
	c.SecretKey = Secret(key)
}

// keptKey reads the key of the data folder, making it first when there is none. Of processes that start
// together the first one's key wins.
func keptKey(dir string) (string, error) {
	file := filepath.Join(dir, "secret.key")
	text, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return string(text), err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	key := make([]byte, vault.KeySize)
	_, _ = rand.Read(key) // never fails: see crypto/rand
	fresh, err := os.CreateTemp(dir, "secret.key.*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(fresh.Name()) }()
	_, err = fresh.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return "", err
	}
	if err := os.Link(fresh.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	text, err = os.ReadFile(file)
	return string(text), err
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
