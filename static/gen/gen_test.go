package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDistIsUpToDate(t *testing.T) {
	t.Parallel()
	files, err := Build("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("dist/%s is out of date: run go generate ./static", name)
		}
	}
}

var (
	constantClass = regexp.MustCompile(`\bclass="([^"]+)"`)
	computedClass = regexp.MustCompile(`\bclass=\{([^\n]*?)\}(?:\s|>|$)`)
	quoted        = regexp.MustCompile(`"([^"]*)"`)
)

// A class that no sheet knows is a slip of the pen, or a rule of Tabler that keep.txt leaves out.
func TestEveryClassIsStyled(t *testing.T) {
	t.Parallel()
	sheet, err := os.ReadFile("../dist/app.css")
	if err != nil {
		t.Fatal(err)
	}
	styled := map[string]bool{}
	for _, m := range class.FindAllStringSubmatch(string(sheet), -1) {
		styled[m[1]] = true
	}
	err = filepath.WalkDir("../../views", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range classesOf(string(b)) {
			if !styled[name] && !strings.HasSuffix(name, "-") {
				t.Errorf("%s: nothing styles class %q", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// classesOf lists the classes a template writes out; one that ends in a hyphen is put together.
func classesOf(templ string) []string {
	var names []string
	for _, m := range constantClass.FindAllStringSubmatch(templ, -1) {
		names = append(names, strings.Fields(m[1])...)
	}
	for _, m := range computedClass.FindAllStringSubmatch(templ, -1) {
		if strings.Contains(m[1], "==") {
			continue // a comparison's other side is no class
		}
		for _, q := range quoted.FindAllStringSubmatch(m[1], -1) {
			names = append(names, strings.Fields(q[1])...)
		}
	}
	return names
}

func TestCutDown(t *testing.T) {
	t.Parallel()
	sheet := `@charset "UTF-8";:root{--a:1;--b:var(--a);--gone:2}a{color:red}.btn,.alert{x:var(--b)}.btn .alert{x:1}` +
		`.btn:not(.alert){y:1}@media (min-width:1px){.alert{x:1}.btn{z:"};"}}@keyframes k{from{x:1}}@media print{.btn{x:1}}`
	want := `:root{--a:1;--b:var(--a)}a{color:red}.btn{x:var(--b)}.btn:not(.alert){y:1}@media (min-width:1px){.btn{z:"};"}}`
	if got := cutDown(sheet, keepSet("btn # buttons\n"), ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
