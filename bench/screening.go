package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/screening"
	"pagaduria/services/store"
)

// measureScreening is figures 34 and 35: one name against whole lists in this process, and everybody against what a new
// version of a list changed. SANCTIONS_DATA names a folder with whole editions (ofac/, un/); without it a list of the
// same size is invented. It comes last: from then on the database has lists in force.
func measureScreening(ctx context.Context, b *bench) error {
	whole, err := wholeLists()
	if err != nil {
		return err
	}
	s := &screening.Service{DB: b.db, Now: time.Now}
	by := models.System("bench")
	if _, err := s.LoadLists(ctx, by, screening.Load{Files: fewer(whole)}); err != nil {
		return err
	}
	type person struct{ Given, Surnames, Document string }
	people, err := store.Select[person](ctx, b.db.Pool, `SELECT given_names, surnames, doc_number FROM distributors WHERE given_names <> '' ORDER BY hashint8(id) LIMIT 3000`)
	if err != nil {
		return err
	}
	search, err := s.SearchMany(ctx)
	if err != nil {
		return err
	}
	took := make([]float64, len(people))
	for i, p := range people {
		began := time.Now()
		search(sanctions.Query{Name: p.Given + " " + p.Surnames, Kind: sanctions.Person, DocumentType: "CC", DocumentNumber: p.Document})
		took[i] = float64(time.Since(began).Microseconds()) / 1000
	}
	slices.Sort(took)
	b.add(34, took[len(took)*95/100], 0)
	if _, err := s.Rescreen(ctx); err != nil {
		return err
	}
	if _, err := s.LoadLists(ctx, by, screening.Load{Files: whole}); err != nil {
		return err
	}
	if _, err := s.SearchMany(ctx); err != nil { // reading the lists takes a second however many people there are
		return err
	}
	began := time.Now()
	n, err := s.Rescreen(ctx)
	if err != nil {
		return err
	}
	b.add(35, float64(n)/time.Since(began).Seconds(), 0)
	return nil
}

func inMemory(name, content string) screening.File {
	return screening.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func wholeLists() (files []screening.File, err error) {
	folder := os.Getenv("SANCTIONS_DATA")
	if folder == "" {
		return invented(), nil
	}
	for _, name := range []string{"ofac/sdn.csv", "ofac/alt.csv", "ofac/add.csv", "un/UN_consolidated.xml"} {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		files = append(files, inMemory(filepath.Base(name), string(b)))
	}
	return files, nil
}

// fewer are the lists without some of the entries, as they may have been the day before.
func fewer(whole []screening.File) []screening.File {
	files := slices.Clone(whole)
	r, err := whole[0].Open()
	if err != nil {
		return files
	}
	content, _ := io.ReadAll(r)
	lines := strings.SplitAfter(string(content), "\n")
	files[0] = inMemory(whole[0].Name, strings.Join(lines[min(30, len(lines)/2):], ""))
	return files
}

// invented is a set as large as the published lists, of made-up names.
func invented() []screening.File {
	r := rand.New(rand.NewPCG(34, 35))
	syllables := strings.Fields("ma ri lo pe ca do ra sa mi to re na lu ci fer nan dez gon za les her va be ro jo se qui al ber ta gue ti mo ha med zhang wei li")
	word := func() string {
		var s string
		for range 2 + r.IntN(3) {
			s += syllables[r.IntN(len(syllables))]
		}
		return strings.ToUpper(s)
	}
	var entries, others strings.Builder
	for i := range 8_400 {
		fmt.Fprintf(&entries, "%d,\"%s %s, %s\",\"individual\",\"SDNT\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"Cedula No. %d (Colombia)\"\r\n", i+1, word(), word(), word(), 10_000_000+i)
		if i >= 100 {
			fmt.Fprintf(&others, "%d,%d,\"aka\",\"%s, %s\",-0- \r\n", i+1, i+1, word(), word())
		}
	}
	return []screening.File{inMemory("sdn.csv", entries.String()), inMemory("alt.csv", others.String()), inMemory("add.csv", "1000,1,-0- ,-0- ,\"Colombia\",-0- \r\n")}
}
