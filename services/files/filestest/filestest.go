// Package filestest holds identity documents and hostile uploads drawn for this project (kyc/README.md says what they
// are and that they are free to use), and the Checker that tests share.
package filestest

import (
	"bytes"
	"embed"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pagaduria/models"
	"pagaduria/services/files"
)

//go:embed kyc
var kyc embed.FS

// File is one line of the manifest.
type File struct {
	Path     string // documents/… or hostile/…
	Name     string // as the browser sends it
	Mime     string
	Expected string // accept or refuse
	Code     models.FileCode
}

// Hostile answers whether the verdict is about the file. Of people's documents it is a reviewer's.
func (f File) Hostile() bool { return strings.HasPrefix(f.Path, "hostile/") }

// testVirus is hostile/h04_eicar.txt, made here so that no scanner removes it from the source.
const testVirus = "hostile/h04_eicar.txt"

// Body is the file.
func (f File) Body(t testing.TB) []byte {
	t.Helper()
	if f.Path == testVirus {
		return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-` + `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)
	}
	return Read(t, f.Path)
}

// Incoming is the file as an upload.
func (f File) Incoming(t testing.TB) files.Incoming {
	t.Helper()
	return files.Incoming{Name: f.Name, Mime: f.Mime, Body: f.Body(t)}
}

// Read is one file of the collection.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := kyc.ReadFile("kyc/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Manifest lists every file.
func Manifest(t testing.TB) []File {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(Read(t, "manifest.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []File
	name := strings.NewReplacer(`\u202e`, "\u202e", `\u0000`, "\x00")
	for _, r := range rows[1:] {
		list = append(list, File{Path: r[0], Name: name.Replace(r[1]), Mime: r[2], Expected: r[9], Code: models.FileCode(r[10])})
	}
	return list
}

var shared = sync.OnceValue(func() *files.Checker { return files.New(files.Options{CacheDir: CacheDir()}) })

// DataDir is a data folder that outlives a test run, for what is slow to make.
func DataDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "pagaduria-test")
}

// CacheDir keeps compiled WebAssembly between test runs.
func CacheDir() string { return filepath.Join(DataDir(), "wasm") }

// Checker is one for all tests of a package: loading its libraries takes seconds.
func Checker(testing.TB) *files.Checker { return shared() }
