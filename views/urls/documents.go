package urls

// The paths of the papers of distributors.
const (
	DocumentsPattern     = "/distributors/:id/documents"
	NewDocumentPattern   = "/distributors/:id/documents/new"
	DocumentPattern      = "/distributors/:id/documents/:doc"
	DocumentPagePattern  = "/distributors/:id/documents/:doc/pages/:page"
	TurnPagePattern      = "/distributors/:id/documents/:doc/pages/:page/turn"
	UploadsPattern       = "/document-uploads"
	UploadPattern        = "/document-uploads/:upload"
	DocumentKindParam    = "kind"
	DocumentVersionParam = "version"
	DocumentZoomParam    = "zoom"
)

// Documents are the papers of one distributor.
func Documents(distributor int64) string { return Distributor(distributor) + "/documents" }

// NewDocument is the form for a document of a kind.
func NewDocument(distributor int64, kind string) string {
	return Documents(distributor) + "/new?" + DocumentKindParam + "=" + kind
}

// Document is one document; version 0 is the newest.
func Document(distributor, document int64, version int, zoom string) string {
	at := Documents(distributor) + "/" + Num(document)
	sep := "?"
	if version != 0 {
		at, sep = at+sep+DocumentVersionParam+"="+Num(int64(version)), "&"
	}
	if zoom != "" {
		at += sep + DocumentZoomParam + "=" + zoom
	}
	return at
}

// DocumentPage is the picture of one page.
func DocumentPage(distributor, document, page int64) string {
	return Documents(distributor) + "/" + Num(document) + "/pages/" + Num(page)
}

// TurnPage turns a page for everybody.
func TurnPage(distributor, document, page int64) string {
	return DocumentPage(distributor, document, page) + "/turn"
}

// Uploads is where files come in piece by piece.
func Uploads() string { return UploadsPattern }

// Upload is one file on its way in.
func Upload(id string) string { return UploadsPattern + "/" + id }
