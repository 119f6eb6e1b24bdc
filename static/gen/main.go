// Command gen makes static/dist, the files the product sends: Tabler cut down to the classes of
// keep.txt and app.css as one style sheet, htmx and app.js as one script, the sprite of icons, each
// also as brotli and gzip. Run it with go generate ./static after changing any of them; a test
// compares. With -icons DIR it first rebuilds vendor/icons.svg from an unpacked @tabler/icons.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

func main() {
	icons := flag.String("icons", "", "folder icons/outline of an unpacked @tabler/icons")
	flag.Parse()
	if err := run(*icons); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(icons string) error {
	if icons != "" {
		if err := writeSprite(icons); err != nil {
			return err
		}
	}
	files, err := Build(".")
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join("dist", name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Build returns every file of dist by its name, made from the sources under dir.
func Build(dir string) (map[string][]byte, error) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	own := read("app.css")
	tabler := cutDown(read("vendor/tabler.min.css"), keepSet(read("gen/keep.txt")), own)
	plain := map[string]string{
		"app.css":     "/*! Tabler 1.6.1, MIT; see VENDOR.md */\n" + tabler + minify(own),
		"app.js":      "/*! htmx 2.0.11, 0BSD; see VENDOR.md */\n" + read("vendor/htmx.min.js") + "\n" + read("app.js"),
		"icons.svg":   read("vendor/icons.svg"),
		"favicon.svg": read("favicon.svg"),
	}
	files := map[string][]byte{}
	for name, content := range plain {
		files[name] = []byte(content)
		files[name+".br"] = brotlied(content)
		files[name+".gz"] = gzipped(content)
	}
	return files, nil
}

func brotlied(s string) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	_, _ = w.Write([]byte(s)) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

// writeSprite puts the icons of vendor/icons.txt into one file of symbols named i-<icon>.
func writeSprite(dir string) error {
	list, err := os.ReadFile("vendor/icons.txt")
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n")
	for _, name := range strings.Fields(string(list)) {
		svg, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			return err
		}
		_, body, _ := strings.Cut(string(svg), "<svg")
		_, body, _ = strings.Cut(body, ">")
		body, _, _ = strings.Cut(body, "</svg>")
		fmt.Fprintf(&b, `<symbol id="i-%s" viewBox="0 0 24 24">%s</symbol>`+"\n", name, strings.Join(strings.Fields(body), " "))
	}
	b.WriteString("</svg>\n")
	return os.WriteFile("vendor/icons.svg", []byte(b.String()), 0o644)
}
