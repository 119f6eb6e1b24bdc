package static

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func get(t *testing.T, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestEncodingIsNegotiated(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, accept, want string }{
		{"every browser", "gzip, deflate, br, zstd", "br"},
		{"gzip only", "gzip", "gzip"},
		{"nothing said", "", ""},
		{"brotli refused", "br;q=0, gzip", "gzip"},
		{"brotli refused with decimals", "br; q=0.000, gzip;q=0.5", "gzip"},
		{"brotli less liked", "br;q=0.1", "br"},
	}
	for _, tt := range tests {
		res := get(t, Path("app.css"), tt.accept)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != tt.want {
			t.Errorf("%s: got %d %q, want 200 %q", tt.name, res.StatusCode, res.Header.Get("Content-Encoding"), tt.want)
		}
		if !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: cached as %q, varies by %q", tt.name, res.Header.Get("Cache-Control"), res.Header.Get("Vary"))
		}
	}
}

func TestBrotliIsTheSameFile(t *testing.T) {
	t.Parallel()
	plain, err := io.ReadAll(get(t, Path("app.js"), "").Body)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(brotli.NewReader(get(t, Path("app.js"), "br").Body))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plain, packed) {
		t.Error("the brotli file holds something else")
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/static/", "/static/app.css", "/static/app.00000000.css", "/static/../static.go"} {
		if res := get(t, path, "br"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, res.StatusCode)
		}
	}
	if Icon("no-such-icon") != "" {
		t.Error("an icon that does not exist has an address")
	}
}

// The first visit of a list may cost 60 kB; what a page needs besides its HTML takes at most 45 of it.
func TestWireBudget(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, name := range []string{"app.css", "app.js", "icons.svg", "favicon.svg"} {
		sum += len(assets[strings.TrimPrefix(Path(name), Prefix)].br)
	}
	if sum > 45_000 {
		t.Errorf("styles, script and icons take %d bytes, want at most 45000", sum)
	}
}
