// Package static serves the styles, the script and the icons out of the program itself. Names carry a
// hash of the content, so browsers keep them for ever; dist/ holds every file ready to send, plain,
// brotli and gzip, made by go generate from app.css, app.js and vendor/ (see VENDOR.md).
package static

//go:generate go run ./gen

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix is the path the handler is mounted at.
const Prefix = "/static/"

//go:embed dist
var dist embed.FS

// asset is one file with its encodings; br and gz are empty when they would not be smaller.
type asset struct {
	kind          string // Content-Type
	plain, br, gz []byte
}

var (
	paths  = map[string]string{} // app.css -> /static/app.3f2a1c9d.css
	assets = map[string]asset{}  // app.3f2a1c9d.css -> bytes
	icons  = map[string]string{} // check -> /static/icons.….svg#i-check
)

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".ico": "image/x-icon",
}

func init() {
	names, err := fs.Glob(dist, "dist/*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		if kind, ok := kinds[path.Ext(name)]; ok {
			add(name, kind)
		}
	}
	for _, s := range strings.Split(string(assets[strings.TrimPrefix(paths["icons.svg"], Prefix)].plain), `<symbol id="i-`)[1:] {
		name, _, _ := strings.Cut(s, `"`)
		icons[name] = paths["icons.svg"] + "#i-" + name
	}
}

func add(name, kind string) {
	a := asset{kind: kind, plain: read(name), br: read(name + ".br"), gz: read(name + ".gz")}
	sum := sha256.Sum256(a.plain)
	base, ext := path.Base(name), path.Ext(name)
	hashed := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	paths[base] = Prefix + hashed
	assets[hashed] = a
}

func read(name string) []byte {
	b, err := dist.ReadFile(name)
	if err != nil {
		return nil
	}
	return b
}

// Path returns the address of a file, e.g. Path("app.css") is "/static/app.3f2a1c9d.css". An unknown
// name is a programming error and panics.
func Path(name string) string {
	p, ok := paths[name]
	if !ok {
		panic("static: no file " + name)
	}
	return p
}

// Icon returns what <use href> says for an icon of the sprite, "" when the sprite lacks it.
func Icon(name string) string { return icons[name] }

// Handler answers GET and HEAD of /static/*. Only current names exist: an old hash is 404.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		body := a.plain
		switch accepted := r.Header.Get("Accept-Encoding"); {
		case a.br != nil && accepts(accepted, "br"):
			body = a.br
			h.Set("Content-Encoding", "br")
		case a.gz != nil && accepts(accepted, "gzip"):
			body = a.gz
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("Content-Type", a.kind)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Vary", "Accept-Encoding")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // the reader has gone: nothing to do about it
		}
	})
}

// accepts answers whether an Accept-Encoding header takes the coding; q=0 refuses it.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q = strings.ReplaceAll(q, " ", "")
		return !strings.HasPrefix(q, "q=0") || strings.Trim(q, "q=0.") != ""
	}
	return false
}
