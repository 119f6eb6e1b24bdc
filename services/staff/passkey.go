package staff

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// What a browser is asked to sign for.
const (
	purposeAdd = "add" // a new passkey
	purposeUse = "use" // one in place of a code
)

// relyingParty is who browsers make passkeys for: the host of the public address. Browsers know passkeys only by
// name and over https, or for localhost on the same machine; elsewhere it is nil.
func relyingParty(site *url.URL, name string) (*webauthn.WebAuthn, error) {
	if site == nil {
		return nil, nil
	}
	host := site.Hostname()
	ip, err := netip.ParseAddr(host)
	local := host == "localhost" || err == nil && ip.IsLoopback()
	switch {
	case local && site.Scheme == "http":
		host = "localhost"
	case site.Scheme != "https" || err == nil:
		return nil, nil
	}
	origin := site.Scheme + "://" + host
	if port := site.Port(); port != "" {
		origin += ":" + port
	}
	return webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: name, RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementPreferred}})
}

// PasskeysAt is the origin whose pages can make and use passkeys, "" when there is none.
func (s *Service) PasskeysAt() string {
	if s.relying == nil {
		return ""
	}
	return s.relying.Config.RPOrigins[0]
}

// holder is a person as the library knows them.
type holder struct {
	handle []byte
	email  string
	name   string
	keys   []webauthn.Credential
	ids    []int64 // of the keys, in the same order
}

func (h holder) WebAuthnID() []byte                         { return h.handle }
func (h holder) WebAuthnName() string                       { return h.email }
func (h holder) WebAuthnDisplayName() string                { return h.name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// idOf is the row of a credential.
func (h holder) idOf(credential []byte) int64 {
	for i, k := range h.keys {
		if string(k.ID) == string(credential) {
			return h.ids[i]
		}
	}
	return 0
}

// handle names a person to authenticators, which show it to whoever finds them: it says nothing about them.
func (s *Service) handle(staffID int64) []byte {
	h := hmac.New(sha256.New, s.handles)
	fmt.Fprint(h, staffID)
	return h.Sum(nil)
}

const selectKeys = `
SELECT st.email, st.name, k.id, k.credential_id, k.public_key, k.sign_count, k.synced, k.transports
FROM staff st LEFT JOIN staff_passkeys k ON k.staff_id = st.id WHERE st.id = $1 AND st.state = 'active' ORDER BY k.id `

// holderOf reads a person with their passkeys; one that may not sign in has none. lock is "" or a locking clause.
func (s *Service) holderOf(ctx context.Context, q store.Querier, staffID int64, lock string) (holder, error) {
	h := holder{handle: s.handle(staffID)}
	rows, err := store.Select[struct {
		Email      string
		Name       string
		ID         *int64
		Credential []byte
		PublicKey  []byte
		Count      *int64
		Synced     *bool
		Transports []string
	}](ctx, q, selectKeys+lock, staffID)
	if err != nil {
		return h, fmt.Errorf("load passkeys of staff %d: %w", staffID, err)
	}
	for _, r := range rows {
		h.email, h.name = r.Email, r.Name
		if r.ID == nil {
			continue
		}
		k := webauthn.Credential{ID: r.Credential, PublicKey: r.PublicKey, Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: *r.Synced},
			Authenticator: webauthn.Authenticator{SignCount: uint32(*r.Count)}}
		for _, t := range r.Transports {
			k.Transport = append(k.Transport, protocol.AuthenticatorTransport(t))
		}
		h.keys, h.ids = append(h.keys, k), append(h.ids, *r.ID)
	}
	return h, nil
}

var (
	errNoPasskey = models.Refuse(models.Conflict, "passkey.error.none", "There is no passkey to ask for. Type a code.", nil)
	errStaleAdd  = models.Refuse(models.Conflict, "passkey.error.fresh", "Give your second factor first: the last one is older than five minutes.", nil)
	errNotAdded  = models.Refuse(models.Invalid, "passkey.error.add", "The passkey could not be added. Try again, in a browser with JavaScript.", nil)
	errTooMany   = models.Refuse(models.Conflict, "passkey.error.many", "You have as many passkeys as one person can have. Remove one first.", nil)
	errKnown     = models.Refuse(models.Conflict, "passkey.error.known", "This passkey is registered already.", nil)
	errNoSuchKey = models.Refuse(models.NotFound, "passkey.error.not_found", "There is no such passkey.", nil)
)

// Passkeys lists the passkeys of a person, oldest first.
func (s *Service) Passkeys(ctx context.Context, staffID int64) ([]models.Passkey, error) {
	keys, err := store.Select[models.Passkey](ctx, s.db.Pool, `
SELECT id, name, synced, created_at, used_at FROM staff_passkeys WHERE staff_id = $1 ORDER BY id`, staffID)
	if err != nil {
		return nil, fmt.Errorf("list passkeys of staff %d: %w", staffID, err)
	}
	return keys, nil
}

// HasPasskey answers whether a person can be asked for a passkey.
func (s *Service) HasPasskey(ctx context.Context, staffID int64) (has bool, err error) {
	if s.relying == nil {
		return false, nil
	}
	err = s.db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM staff_passkeys WHERE staff_id = $1)`, staffID).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for passkeys of staff %d: %w", staffID, err)
	}
	return has, nil
}

// NewPasskey answers what the actor's browser needs to make a passkey, as JSON. Whoever found the browser open
// cannot add their own: the second factor must be fresh.
func (s *Service) NewPasskey(ctx context.Context, by models.Actor) ([]byte, error) {
	if s.relying == nil {
		return nil, errNoPasskey
	}
	if err := s.freshFactor(ctx, by); err != nil {
		return nil, err
	}
	h, err := s.holderOf(ctx, s.db.Pool, by.StaffID, "")
	if err != nil {
		return nil, err
	}
	if len(h.keys) >= models.PasskeysMax {
		return nil, errTooMany
	}
	options, asked, err := s.relying.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("ask for a new passkey of staff %d: %w", by.StaffID, err)
	}
	if err := s.keepChallenge(ctx, by.SessionID, purposeAdd, asked); err != nil {
		return nil, err
	}
	return json.Marshal(options.Response)
}

// freshFactor refuses when the session's second factor is older than five minutes.
func (s *Service) freshFactor(ctx context.Context, by models.Actor) error {
	var at *time.Time
	err := s.db.Pool.QueryRow(ctx, `SELECT factor_at FROM staff_sessions WHERE id = $1 AND staff_id = $2`, by.SessionID, by.StaffID).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && at == nil {
		return errStaleAdd
	}
	if err != nil {
		return fmt.Errorf("read session %d: %w", by.SessionID, err)
	}
	if !(models.Session{FactorAt: *at}).FreshFactor(s.now()) {
		return errStaleAdd
	}
	return nil
}

// AddPasskey keeps the passkey that the browser made when NewPasskey asked for one.
func (s *Service) AddPasskey(ctx context.Context, by models.Actor, name, answer string) error {
	name, err := models.PasskeyName(name)
	if err != nil {
		return err
	}
	if s.relying == nil {
		return errNotAdded
	}
	if err := s.freshFactor(ctx, by); err != nil {
		return err
	}
	var asked webauthn.SessionData
	open := false
	err = s.db.InTx(ctx, func(tx *gorm.DB) error { // used up, whatever comes of it
		asked, open, err = s.takeChallenge(tx, by.SessionID, purposeAdd)
		return err
	})
	if err != nil {
		return err
	}
	if !open {
		return s.refusedPasskey(ctx, by, by.StaffID, purposeAdd, verdict{why: "no open question"}, errNotAdded)
	}
	made, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return s.refusedPasskey(ctx, by, by.StaffID, purposeAdd, verdict{why: whyNot(err)}, errNotAdded)
	}
	refusal := ""
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		refusal, err = s.addPasskey(tx, by, name, asked, made)
		return err
	})
	if err == nil && refusal != "" {
		return s.refusedPasskey(ctx, by, by.StaffID, purposeAdd, verdict{why: refusal}, errNotAdded)
	}
	return err
}

var knownTransports = []protocol.AuthenticatorTransport{protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal}

const insertPasskey = `
INSERT INTO staff_passkeys (staff_id, credential_id, public_key, sign_count, synced, transports, name, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING RETURNING id`

func (s *Service) addPasskey(tx *gorm.DB, by models.Actor, name string, asked webauthn.SessionData, made *protocol.ParsedCredentialCreationData) (refusal string, err error) {
	st, err := loadStaff(tx, by.StaffID) // locked: two at once cannot be one too many
	if err != nil {
		return "", err
	}
	h := holder{handle: s.handle(st.ID), email: st.Email, name: st.Name}
	key, err := s.relying.CreateCredential(h, asked, made)
	if err != nil {
		return whyNot(err), nil
	}
	if n := len(key.ID); n < 16 || n > 1023 { // as the specification has it
		return "an id of odd length", nil
	}
	count, err := store.SelectTx[struct{ N int }](tx, `SELECT count(*) FROM staff_passkeys WHERE staff_id = $1`, st.ID)
	if err != nil {
		return "", err
	}
	if count[0].N >= models.PasskeysMax {
		return "", errTooMany
	}
	transports := []string{}
	for _, t := range key.Transport {
		if slices.Contains(knownTransports, t) { // the browser's word: hints for next time
			transports = append(transports, string(t))
		}
	}
	ids, err := store.SelectTx[struct{ ID int64 }](tx, insertPasskey, st.ID, key.ID, key.PublicKey, int64(key.Authenticator.SignCount),
		key.Flags.BackupEligible, transports, name, s.now())
	if err != nil {
		return "", fmt.Errorf("add a passkey of staff %d: %w", st.ID, err)
	}
	if len(ids) == 0 {
		return "", errKnown
	}
	if err := s.tell(tx, st.ID, toldAdded); err != nil {
		return "", err
	}
	return "", audit.Record(tx, audit.Entry{By: by, Action: "passkey.add", SubjectType: "staff", SubjectID: st.ID,
		After: map[string]any{"passkey": ids[0].ID, "name": name, "synced": key.Flags.BackupEligible}})
}

// RemovePasskey takes one of the actor's own passkeys away.
func (s *Service) RemovePasskey(ctx context.Context, by models.Actor, id int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		gone, err := store.SelectTx[struct{ Name string }](tx, `DELETE FROM staff_passkeys WHERE id = $1 AND staff_id = $2 RETURNING name`, id, by.StaffID)
		if err != nil {
			return fmt.Errorf("remove passkey %d: %w", id, err)
		}
		if len(gone) == 0 {
			return errNoSuchKey
		}
		if err := s.tell(tx, by.StaffID, toldRemoved); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "passkey.remove", SubjectType: "staff", SubjectID: by.StaffID,
			Before: map[string]any{"passkey": id, "name": gone[0].Name}})
	})
}

// keepChallenge keeps what was asked of a session's browser, in place of what was asked before.
func (s *Service) keepChallenge(ctx context.Context, sessionID int64, purpose string, asked *webauthn.SessionData) error {
	data, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	_, err = s.db.Pool.Exec(ctx, `
INSERT INTO staff_passkey_challenges (session_id, purpose, data, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, purpose) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		sessionID, purpose, data, s.now().Add(models.PasskeyAnswerIn))
	if err != nil {
		return fmt.Errorf("keep a challenge of session %d: %w", sessionID, err)
	}
	return nil
}

// takeChallenge answers what was asked and forgets it: the same answer is worth nothing a second time.
func (s *Service) takeChallenge(tx *gorm.DB, sessionID int64, purpose string) (asked webauthn.SessionData, open bool, err error) {
	rows, err := store.SelectTx[struct {
		Data    []byte
		Expires time.Time
	}](tx, `DELETE FROM staff_passkey_challenges WHERE session_id = $1 AND purpose = $2 RETURNING data, expires_at`, sessionID, purpose)
	if err != nil {
		return asked, false, fmt.Errorf("take the challenge of session %d: %w", sessionID, err)
	}
	if len(rows) == 0 || !s.now().Before(rows[0].Expires) {
		return asked, false, nil
	}
	if err := json.Unmarshal(rows[0].Data, &asked); err != nil {
		return asked, false, fmt.Errorf("read the challenge of session %d: %w", sessionID, err)
	}
	return asked, true, nil
}

// whyNot is the library's reason in its own words, which repeat nothing of what was sent.
func whyNot(err error) string {
	var e *protocol.Error
	if errors.As(err, &e) && e.Details != "" {
		return e.Details
	}
	return "not a passkey's answer"
}
