package models

import (
	"slices"
	"time"
)

// DocumentKind is what a distributor is asked for.
type DocumentKind string

// The kinds of documents, with the words of SQL and the catalogues.
const (
	DocumentIdentity       DocumentKind = "identity" // cédula, foreigner's ID, permit or passport
	DocumentRUT            DocumentKind = "rut"
	DocumentBank           DocumentKind = "bank_certificate"
	DocumentChamber        DocumentKind = "chamber_certificate" // of existence and legal representation
	DocumentCounterparty   DocumentKind = "counterparty_form"
	DocumentFunds          DocumentKind = "funds_origin"
	DocumentPEP            DocumentKind = "pep_declaration"
	DocumentConsent        DocumentKind = "data_consent"
	DocumentShareholders   DocumentKind = "shareholders"
	DocumentFinancials     DocumentKind = "financial_statements"
	DocumentRepresentative DocumentKind = "representative_identity"
)

// PersonalDocuments and CompanyDocuments are what is asked of a person and of a company, in the order pages show them.
var (
	PersonalDocuments = []DocumentKind{DocumentIdentity, DocumentRUT, DocumentBank, DocumentCounterparty, DocumentFunds, DocumentPEP, DocumentConsent}
	CompanyDocuments  = []DocumentKind{DocumentChamber, DocumentRUT, DocumentRepresentative, DocumentBank, DocumentShareholders, DocumentFinancials,
		DocumentCounterparty, DocumentFunds, DocumentPEP, DocumentConsent}
)

// DocumentsAsked are the documents asked of a natural or juridical person.
func DocumentsAsked(personKind string) []DocumentKind {
	if personKind == "juridical" {
		return CompanyDocuments
	}
	return PersonalDocuments
}

// Valid answers whether k is a known kind.
func (k DocumentKind) Valid() bool {
	return slices.Contains(PersonalDocuments, k) || slices.Contains(CompanyDocuments, k)
}

// DocumentSide is which face of a document a file shows; "" for all of it.
type DocumentSide string

// The sides of a card.
const (
	SideFront DocumentSide = "front"
	SideBack  DocumentSide = "back"
	SideWhole DocumentSide = ""
)

// DocumentMaxFiles is how many files one version of a document may have.
const DocumentMaxFiles = 6

// Document is one kind of document of a distributor, with its versions, newest first.
type Document struct {
	ID            int64
	DistributorID int64
	Kind          DocumentKind
	Versions      []DocumentVersion
}

// Latest is the newest version.
func (d Document) Latest() DocumentVersion { return d.Versions[0] }

// Version answers a version by its number, the newest for 0.
func (d Document) Version(number int) (DocumentVersion, bool) {
	for _, v := range d.Versions {
		if number == 0 || v.Number == number {
			return v, true
		}
	}
	return DocumentVersion{}, false
}

// DocumentVersion is what was sent at once.
type DocumentVersion struct {
	ID        int64
	Number    int
	StaffName string // "" when the payee sent it
	At        time.Time
	Files     []DocumentFile
}

// Pages counts the pages of all files.
func (v DocumentVersion) Pages() (n int) {
	for _, f := range v.Files {
		n += len(f.Pages)
	}
	return n
}

// Shows answers whether the page is one of the version's.
func (v DocumentVersion) Shows(page int64) bool {
	return slices.ContainsFunc(v.Files, func(f DocumentFile) bool {
		return slices.ContainsFunc(f.Pages, func(p DocumentPage) bool { return p.ID == page })
	})
}

// DocumentFile is one file of a version.
type DocumentFile struct {
	ID     int64
	Side   DocumentSide
	Name   string
	Kind   FileKind
	Size   int64
	SHA256 string // of what was received, in hex
	Pages  []DocumentPage
}

// DocumentPage is one page as people see it.
type DocumentPage struct {
	ID            int64
	Number        int
	Width, Height int // as it is stored, before it is turned
	Turned        int // degrees clockwise
}

// FileUpload is a file on its way in.
type FileUpload struct {
	ID       string
	Name     string
	Mime     string
	Size     int64
	Received int64
}

// Whole answers whether all of it has arrived.
func (u FileUpload) Whole() bool { return u.Received == u.Size }
