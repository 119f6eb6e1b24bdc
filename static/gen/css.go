package main

import (
	"regexp"
	"strings"
)

// keepSet reads the list of Tabler classes we use, one a line, # starting a comment.
func keepSet(list string) map[string]bool {
	keep := map[string]bool{}
	for line := range strings.Lines(list) {
		line, _, _ = strings.Cut(line, "#")
		for _, class := range strings.Fields(line) {
			keep[class] = true
		}
	}
	return keep
}

// rule is one block of a style sheet: a selector with declarations, or an at-rule with rules in it.
type rule struct {
	prelude string
	body    string // declarations
	inner   []rule // of @media and the like
	nested  bool
}

var (
	comment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	class    = regexp.MustCompile(`\.(-?[A-Za-z_][\w-]*)`)
	negation = regexp.MustCompile(`:not\([^()]*\)`)
	useOfVar = regexp.MustCompile(`var\(\s*(--[\w-]+)`)
	nameOf   = regexp.MustCompile(`^\s*(--[\w-]+)\s*:`)
	spaces   = regexp.MustCompile(`\s+`)
	around   = regexp.MustCompile(`\s*([{};,>])\s*`)
	colon    = regexp.MustCompile(`([;{][\w-]+):\s+`)
)

// cutDown returns the rules of sheet whose classes are all kept, without keyframes and custom
// properties that nothing uses any more. own is our sheet, whose uses of properties count too.
func cutDown(sheet string, keep map[string]bool, own string) string {
	rules := pruneRules(parse(comment.ReplaceAllString(sheet, "")), keep)
	// Dropping one property can leave another without use; four rounds reach rest on Tabler.
	for range 4 {
		used := map[string]bool{}
		for _, m := range useOfVar.FindAllStringSubmatch(write(rules)+own, -1) {
			used[m[1]] = true
		}
		rules = pruneVars(rules, used)
	}
	return write(rules)
}

func pruneRules(rules []rule, keep map[string]bool) []rule {
	var kept []rule
	for _, r := range rules {
		switch {
		case strings.HasPrefix(r.prelude, "@media"), strings.HasPrefix(r.prelude, "@supports"):
			if strings.Contains(r.prelude, "print") {
				continue // app.css has the page's print rules
			}
			if r.inner = pruneRules(r.inner, keep); len(r.inner) > 0 {
				kept = append(kept, r)
			}
		case strings.HasPrefix(r.prelude, "@"):
			// keyframes, font faces and layers: none is used by what we keep
		default:
			if r.prelude = keptSelectors(r.prelude, keep); r.prelude != "" {
				kept = append(kept, r)
			}
		}
	}
	return kept
}

// keptSelectors drops the selectors of a list that need a class, a theme or an attribute we never write.
func keptSelectors(list string, keep map[string]bool) string {
	var kept []string
	for _, s := range splitTop(list, ',') {
		if wanted(s, keep) {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, ",")
}

func wanted(selector string, keep map[string]bool) bool {
	if strings.Contains(selector, "[data-bs-theme-") || strings.Contains(selector, "[dir=rtl]") ||
		strings.Contains(selector, "::-moz-color") || strings.Contains(selector, "[data-bs-popper") {
		return false
	}
	for _, m := range class.FindAllStringSubmatch(negation.ReplaceAllString(selector, ""), -1) {
		if !keep[m[1]] {
			return false
		}
	}
	return true
}

func pruneVars(rules []rule, used map[string]bool) []rule {
	var kept []rule
	for _, r := range rules {
		if r.nested {
			if r.inner = pruneVars(r.inner, used); len(r.inner) > 0 {
				kept = append(kept, r)
			}
			continue
		}
		var body []string
		for _, d := range splitTop(r.body, ';') {
			if m := nameOf.FindStringSubmatch(d); m == nil || used[m[1]] {
				body = append(body, d)
			}
		}
		if len(body) > 0 {
			r.body = strings.Join(body, ";")
			kept = append(kept, r)
		}
	}
	return kept
}

// parse reads a style sheet without comments into rules.
func parse(s string) []rule {
	var rules []rule
	for {
		s = strings.TrimSpace(s)
		open, semi := indexTop(s, '{'), indexTop(s, ';')
		if semi >= 0 && (open < 0 || semi < open) {
			s = s[semi+1:] // @charset, @import
			continue
		}
		if open < 0 {
			return rules
		}
		end := closing(s, open)
		r := rule{prelude: strings.TrimSpace(s[:open])}
		body := s[open+1 : end]
		if strings.HasPrefix(r.prelude, "@media") || strings.HasPrefix(r.prelude, "@supports") {
			r.inner, r.nested = parse(body), true
		} else {
			r.body = strings.Trim(body, "; \n")
		}
		rules = append(rules, r)
		s = s[end+1:]
	}
}

func write(rules []rule) string {
	var b strings.Builder
	for _, r := range rules {
		b.WriteString(r.prelude + "{")
		if r.nested {
			b.WriteString(write(r.inner))
		} else {
			b.WriteString(r.body)
		}
		b.WriteString("}")
	}
	return b.String()
}

// closing returns where the brace opened at open is closed, quotes left aside.
func closing(s string, open int) int {
	depth := 0
	var quote byte
	for i := open; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote && s[i-1] != '\\' {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

// indexTop finds c outside quotes and brackets.
func indexTop(s string, c byte) int {
	depth := 0
	var quote byte
	for i := range len(s) {
		switch b := s[i]; {
		case quote != 0:
			if b == quote && s[i-1] != '\\' {
				quote = 0
			}
		case b == c && depth == 0:
			return i
		case b == '"' || b == '\'':
			quote = b
		case b == '(' || b == '[':
			depth++
		case b == ')' || b == ']':
			depth--
		}
	}
	return -1
}

// splitTop splits at c outside quotes and brackets.
func splitTop(s string, c byte) []string {
	var parts []string
	for {
		i := indexTop(s, c)
		if i < 0 {
			break
		}
		parts = append(parts, s[:i])
		s = s[i+1:]
	}
	if strings.TrimSpace(s) != "" {
		parts = append(parts, s)
	}
	return parts
}

// minify takes comments and needless space out of our own sheet.
func minify(s string) string {
	s = spaces.ReplaceAllString(comment.ReplaceAllString(s, ""), " ")
	s = around.ReplaceAllString(s, "$1")
	s = colon.ReplaceAllString(s, "$1:")
	return strings.ReplaceAll(strings.TrimSpace(s), ";}", "}")
}
