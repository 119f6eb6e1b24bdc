package kyc

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
)

// ConsentVersion is the text that is asked for now. A new text is a new version with files of its own: those that
// somebody agreed to stay as they were, because the proof names them.
const ConsentVersion = "2026-11"

//go:embed texts/*.txt
var texts embed.FS

// ConsentText is what somebody agrees to when they let us use their data (Ley 1581 de 2012).
type ConsentText struct {
	Version    string
	Lang       string
	Paragraphs []string
	SHA256     string // of the file, in hex
}

// ConsentIn answers a version of the text in a language: es, en or zh.
func ConsentIn(version, lang string) (ConsentText, error) {
	b, err := texts.ReadFile("texts/" + version + "." + lang + ".txt")
	if err != nil {
		return ConsentText{}, fmt.Errorf("consent text: %w", err)
	}
	sum := sha256.Sum256(b)
	return ConsentText{Version: version, Lang: lang, SHA256: hex.EncodeToString(sum[:]), Paragraphs: strings.Split(strings.TrimSpace(string(b)), "\n\n")}, nil
}
