package models_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pagaduria/models"
)

const control = "0D7C9B3A5E8F4412AA6B0D7C9B3A5E8F4412AA6B0D7C9B3A5E8F4412AA6B1234"

func TestShowWebhook(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		reveal     bool
		raw        string
		fields     int
		masked     bool
	}{
		{"documented", "date=2026-11-20+20%3A26%3A11&external_id=P-1&cashout_id=60067123&comments=&control=" + control, false,
			"date=2026-11-20+20%3A26%3A11&external_id=P-1&cashout_id=60067123&comments=&control=0D7C9B3A…", 5, false},
		{"a person in the comments", "comments=call+3001234567+or+ana@example.co", false, "comments=call ••••567 or ••••", 1, true},
		{"for somebody who may see it", "comments=call+3001234567", true, "comments=call+3001234567", 1, false},
		{"a personal field", "beneficiary_name=Ana", false, "beneficiary_name=••••", 1, true},
		{"a secret, whoever reads", "pass=hunter2&x=1", true, "pass=••••&x=1", 2, false},
		{"no form", `{"document":"1020304050","sig":"` + control + `"}`, false, `{"document":"••••050","sig":"0D7C9B3A…"}`, 0, true},
		{"empty", "", false, "", 0, false},
		{"not a text", "\xff\x00<script>", false, "��<script>", 0, false},
	} {
		b := models.ShowWebhook([]byte(tt.body), tt.reveal)
		if b.Raw != tt.raw || len(b.Fields) != tt.fields || b.Masked != tt.masked {
			t.Errorf("%s: got %q, %d fields, masked %v; want %q, %d, %v", tt.name, b.Raw, len(b.Fields), b.Masked, tt.raw, tt.fields, tt.masked)
		}
	}
}

func FuzzShowWebhook(f *testing.F) {
	f.Add([]byte("external_id=P-1&control=" + control))
	f.Add([]byte("a=%zz&&="))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, reveal := range []bool{false, true} {
			b := models.ShowWebhook(body, reveal)
			if !utf8.ValidString(b.Raw) || strings.ContainsRune(b.Raw, 0) {
				t.Errorf("%q is not text", b.Raw)
			}
			if strings.Contains(b.Raw, control) {
				t.Errorf("%q shows the whole control", b.Raw)
			}
		}
	})
}
