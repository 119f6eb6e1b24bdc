package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"pagaduria/services/files/filestest"
)

// data are the files that imports are tested with.
var data = map[string]string{
	"distributors": "distributors/distributors.csv", "commissions": "payouts/commission_statement.csv",
	"orders": "orders/orders_export.csv", "tracking": "orders/carrier_events.csv",
}

// upload hands a file in by the upload page and waits until it is judged.
func (b *tab) upload(p *product, kind string) {
	b.t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "models", "intake", "testdata", data[kind]))
	if err != nil {
		b.t.Fatal(err)
	}
	b.visit("/" + kind + "/import")
	b.must(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{file}))
	b.submit("input[type=file]")
	b.imported(p, "preview")
}

// imported waits until the job that works on the file the page shows has brought it to the state, and shows it.
func (b *tab) imported(p *product, state string) {
	b.t.Helper()
	p.eventually(2*time.Minute, "the file does not come to "+state, func() bool {
		return p.number(`SELECT count(*) FROM imports WHERE id = (SELECT max(id) FROM imports) AND state = $1`, state) == 1
	})
	b.visit(b.where())
}

// take applies what the preview shows.
func (b *tab) take(p *product) {
	b.t.Helper()
	b.submit(`form[action$="/apply"] button`)
	b.imported(p, "applied")
}

// decide records, as compliance, that everybody unverified was verified elsewhere, with a file as evidence.
func (b *tab) decide(p *product) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "decisions.csv")
	if err := os.WriteFile(file, []byte("code,decision\nall,verified by the provider\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.visit("/distributors/decisions?to=verified&verification=unverified")
	b.fill("textarea[name=reason]", "Checked by the provider of our KYC, list of 20 November.")
	b.must(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{file}))
	b.submit("input[type=file]")
	p.eventually(time.Minute, "the decisions are not recorded", func() bool {
		return p.number(`SELECT count(*) FROM verifications WHERE file_id IS NOT NULL`) > 0
	})
}

// addDocument sends the front of an identity document in pieces, as compliance.
func (b *tab) addDocument(p *product) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "cedula.jpg")
	if err := os.WriteFile(file, filestest.Read(b.t, "documents/01a_cedula_frente.jpg"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.visit(fmt.Sprintf("/distributors/%d/documents/new?kind=identity", p.number(`SELECT max(id) FROM distributors`)))
	b.must(chromedp.SetUploadFiles(chromedp.CSS("#front"), []string{file}))
	before := p.number(`SELECT count(*) FROM document_versions`)
	b.submit("#front")
	p.eventually(time.Minute, "the document is not added", func() bool { return p.number(`SELECT count(*) FROM document_versions`) > before })
}
