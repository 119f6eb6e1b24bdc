// Package i18n puts the product's words into the reader's language. The catalogues are TOML files,
// one for each area and language (views/i18n/<area>.<locale>.toml); T and N look a key up and the
// functions of format.go write money, numbers and dates as that language does.
package i18n

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Locale is one of the languages of the product, as a BCP 47 tag.
type Locale string

// The languages.
const (
	En Locale = "en"
	Es Locale = "es-CO"
	Zh Locale = "zh-CN"
)

// Locales lists every language in the order pages offer them. The first one is what a reader gets
// whose own language we lack.
var Locales = []Locale{En, Es, Zh}

// Name is what the language calls itself.
func (l Locale) Name() string {
	switch l {
	case Es:
		return "Español"
	case Zh:
		return "简体中文"
	}
	return "English"
}

// Valid answers whether the product speaks the language.
func (l Locale) Valid() bool { return l == En || l == Es || l == Zh }

//go:embed *.toml
var files embed.FS

// catalogue is everything said in one language: plain sentences, those with arguments, and plurals, which go through
// go-i18n, as it knows each language's rules.
type catalogue struct {
	locale  Locale
	plain   map[string]string
	filled  map[string]message
	plurals map[string]bool
	say     *i18n.Localizer
}

// message is a sentence cut at its arguments: text holds len(names)+1 pieces.
type message struct {
	text  []string
	names []string
}

var catalogues = map[Locale]func() *catalogue{
	En: sync.OnceValue(func() *catalogue { return mustLoad(En) }),
	Es: sync.OnceValue(func() *catalogue { return mustLoad(Es) }),
	Zh: sync.OnceValue(func() *catalogue { return mustLoad(Zh) }),
}

type contextKey struct{}

// With returns a context whose pages are written in l; an unknown language becomes English.
func With(ctx context.Context, l Locale) context.Context {
	if !l.Valid() {
		l = En
	}
	return context.WithValue(ctx, contextKey{}, catalogues[l]())
}

// From returns the language of the context, English when none was set.
func From(ctx context.Context) Locale { return of(ctx).locale }

func of(ctx context.Context) *catalogue {
	if c, ok := ctx.Value(contextKey{}).(*catalogue); ok {
		return c
	}
	return catalogues[En]()
}

// T returns the sentence of a key. args are names and values in turn ("Name", v) for a sentence that
// says {{.Name}}. An unknown key comes back as it is, so that a page still shows; a test finds it.
func T(ctx context.Context, key string, args ...any) string {
	c := of(ctx)
	if s, ok := c.plain[key]; ok {
		return s
	}
	if m, ok := c.filled[key]; ok {
		return m.fill(args)
	}
	return key
}

func (m message) fill(args []any) string {
	var b strings.Builder
	for i, name := range m.names {
		b.WriteString(m.text[i])
		writeArg(&b, name, args)
	}
	b.WriteString(m.text[len(m.names)])
	return b.String()
}

func writeArg(b *strings.Builder, name string, args []any) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		if s, ok := args[i+1].(string); ok {
			b.WriteString(s)
			return
		}
		fmt.Fprint(b, args[i+1])
		return
	}
}

// N returns the sentence of a key that has plural forms, for count. {{.Count}} is the count as the
// language writes it; args as in T.
func N(ctx context.Context, key string, count int, args ...any) string {
	c := of(ctx)
	if !c.plurals[key] {
		return T(ctx, key, append(args, "Count", Number(ctx, int64(count)))...)
	}
	data := make(map[string]any, 1+len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	data["Count"] = Number(ctx, int64(count))
	s, err := c.say.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: data})
	if err != nil {
		return key
	}
	return s
}

// Has answers whether the English catalogue knows the key. A test keeps the other two level with it.
func Has(key string) bool {
	c := catalogues[En]()
	return c.has(key)
}

var matcher = language.NewMatcher([]language.Tag{
	language.English, language.MustParse("es-CO"), language.MustParse("zh-CN"),
})

// Match chooses the language for an Accept-Language header.
func Match(acceptLanguage string) Locale {
	if acceptLanguage == "" {
		return En
	}
	_, i := language.MatchStrings(matcher, acceptLanguage)
	return Locales[i]
}

// mustLoad reads the files of one language. They are part of the program, so a fault is a bug.
func mustLoad(l Locale) *catalogue {
	c, err := load(files, l)
	if err != nil {
		panic(err)
	}
	return c
}

func load(from fs.FS, l Locale) (*catalogue, error) {
	names, err := fs.Glob(from, "*."+string(l)+".toml")
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.MustParse(string(l)))
	c := &catalogue{locale: l, plain: map[string]string{}, filled: map[string]message{}, plurals: map[string]bool{}, say: i18n.NewLocalizer(bundle, string(l))}
	for _, name := range names {
		tree := map[string]any{}
		if _, err := toml.DecodeFS(from, name, &tree); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		if err := c.add(bundle, "", tree); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
	}
	return c, nil
}

// add takes one table of a file: a sentence, a set of plural forms, or a table of further keys.
func (c *catalogue) add(bundle *i18n.Bundle, prefix string, tree map[string]any) error {
	for k, v := range tree {
		key := k
		if prefix != "" {
			key = prefix + "." + k
		}
		if c.has(key) {
			return fmt.Errorf("key %s is in two files", key)
		}
		switch v := v.(type) {
		case string:
			if m := cut(v); len(m.names) > 0 {
				c.filled[key] = m
			} else {
				c.plain[key] = v
			}
		case map[string]any:
			if !isPlural(v) {
				if err := c.add(bundle, key, v); err != nil {
					return err
				}
				continue
			}
			if err := bundle.AddMessages(language.MustParse(string(c.locale)), pluralMessage(key, v)); err != nil {
				return fmt.Errorf("key %s: %w", key, err)
			}
			c.plurals[key] = true
		default:
			return fmt.Errorf("key %s is neither a sentence nor a table", key)
		}
	}
	return nil
}

func (c *catalogue) has(key string) bool {
	_, plain := c.plain[key]
	_, filled := c.filled[key]
	return plain || filled || c.plurals[key]
}

// isPlural answers whether a table holds the forms of one sentence: "other" and at most "one".
func isPlural(t map[string]any) bool {
	_, other := t["other"].(string)
	_, one := t["one"].(string)
	return other && (len(t) == 1 || one && len(t) == 2)
}

func pluralMessage(key string, forms map[string]any) *i18n.Message {
	other := forms["other"].(string)
	one, ok := forms["one"].(string)
	if !ok {
		one = other
	}
	// Spanish has a form of its own for exact millions ("de"), which none of our sentences needs.
	return &i18n.Message{ID: key, One: one, Many: other, Other: other}
}

// cut splits a sentence at its {{.Name}} arguments.
func cut(s string) message {
	var m message
	rest := s
	for {
		i := strings.Index(rest, "{{.")
		if i < 0 {
			break
		}
		j := strings.Index(rest[i:], "}}")
		if j < 0 {
			break
		}
		m.text = append(m.text, rest[:i])
		m.names = append(m.names, rest[i+3:i+j])
		rest = rest[i+j+2:]
	}
	m.text = append(m.text, rest)
	return m
}
