// Package views_test checks the words of every template: keys that are used exist, and nothing is
// said outside the catalogues.
package views_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/a-h/templ/parser/v2"

	"pagaduria/views/i18n"
)

// usedKey finds a key written out as an argument of T, N or anything named …Key: a word, a point, words.
var usedKey = regexp.MustCompile(`\b(?:T|N)\(\s*[\w.()]+,\s*"([^"]+)"\s*[,)]`)

func TestEveryKeyUsedIsInTheCatalogues(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "../handlers"} {
		walk(t, dir, func(path string) bool {
			return strings.HasSuffix(path, ".templ") ||
				strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_templ.go") && !strings.HasSuffix(path, "_test.go")
		}, func(path, text string) {
			if strings.HasSuffix(path, "doc.go") {
				return
			}
			for _, m := range usedKey.FindAllStringSubmatch(text, -1) {
				if strings.Contains(m[1], ".") && !i18n.Has(m[1]) {
					t.Errorf("%s: the catalogues lack %q", path, m[1])
				}
			}
		})
	}
}

// refusedKey finds the key of a refusal: models.Refuse(kind, "key", …) and .WithField("field", "key").
var refusedKey = regexp.MustCompile(`\b(?:Refuse\([\w.]+,|WithField\("[^"]*",)\s*"([^"]+)"`)

func TestEveryRefusalIsInTheCatalogues(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"../models", "../services", "../handlers"} {
		walk(t, dir, func(path string) bool {
			return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		}, func(path, text string) {
			for _, m := range refusedKey.FindAllStringSubmatch(text, -1) {
				if !i18n.Has(m[1]) {
					t.Errorf("%s: the catalogues lack %q", path, m[1])
				}
			}
		})
	}
}

// said are the words a template may write itself: names that no language translates.
var said = map[string]bool{
	"Pagaduría": true, "CSV": true, "JSON": true, "PDF": true, "UTC": true, "COP": true, "USD": true, "D24": true,
	"Efecty": true, "Ctrl": true, "K": true, "G": true, "J": true, "X": true, "Esc": true, "Enter": true, "Space": true,
	"Nequi": true, "Daviplata": true, "SHA": true, "HTTP": true, "TOTP": true, "kB": true, "MB": true, "GET": true, "POST": true,
	"Tab": true, "XLSX": true, "URL": true, "ID": true, "Webhook": true, "Webhooks": true, "Bre": true, "B": true,
}

// spoken are the attributes a person reads or hears.
var spoken = map[string]bool{"aria-label": true, "title": true, "placeholder": true, "alt": true, "label": true}

func TestTemplatesSayNothingThemselves(t *testing.T) {
	t.Parallel()
	walk(t, ".", func(path string) bool { return strings.HasSuffix(path, ".templ") }, func(path, text string) {
		f, err := parser.ParseString(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for _, n := range f.Nodes {
			if h, ok := n.(*parser.HTMLTemplate); ok {
				checkNodes(t, path, h.Children)
			}
		}
	})
}

func checkNodes(t *testing.T, path string, nodes []parser.Node) {
	t.Helper()
	for _, n := range nodes {
		switch n := n.(type) {
		case *parser.Text:
			checkWords(t, path, n.Value)
		case *parser.Element:
			checkAttributes(t, path, n.Attributes)
			checkNodes(t, path, n.Children)
		case *parser.IfExpression:
			checkNodes(t, path, n.Then)
			for _, e := range n.ElseIfs {
				checkNodes(t, path, e.Then)
			}
			checkNodes(t, path, n.Else)
		case *parser.SwitchExpression:
			for _, c := range n.Cases {
				checkNodes(t, path, c.Children)
			}
		case *parser.ForExpression:
			checkNodes(t, path, n.Children)
		case *parser.TemplElementExpression:
			checkNodes(t, path, n.Children)
		}
	}
}

func checkAttributes(t *testing.T, path string, attributes []parser.Attribute) {
	t.Helper()
	for _, a := range attributes {
		c, ok := a.(*parser.ConstantAttribute)
		if !ok {
			continue
		}
		name := c.Key.String()
		if spoken[name] {
			checkWords(t, path, c.Value)
		}
		if name == "style" || strings.HasPrefix(name, "on") {
			t.Errorf("%s: the policy of the pages forbids %s=", path, name)
		}
	}
}

func checkWords(t *testing.T, path, text string) {
	t.Helper()
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if !said[w] {
			t.Errorf("%s: says %q; put it into a catalogue", path, strings.TrimSpace(text))
			return
		}
	}
}

// hrefs finds a path written out in a template.
var hrefs = regexp.MustCompile(`(?:href|action|hx-get|hx-post)="(/[^"]*)"`)

func TestTemplatesTakePathsFromURLs(t *testing.T) {
	t.Parallel()
	walk(t, ".", func(path string) bool { return strings.HasSuffix(path, ".templ") }, func(path, text string) {
		for _, m := range hrefs.FindAllStringSubmatch(text, -1) {
			t.Errorf("%s: writes the path %s itself; use views/urls", path, m[1])
		}
	})
}

func walk(t *testing.T, dir string, want func(path string) bool, each func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !want(path) {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			each(path, string(b))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}
