package files_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/files"
	"pagaduria/services/files/filestest"
)

// pdfWith is a PDF of one page, with more objects and something more in its catalogue.
func pdfWith(catalogue string, objects ...string) []byte {
	all := append([]string{"<</Type/Catalog/Pages 2 0 R " + catalogue + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>"}, objects...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := make([]int, len(all))
	for i, o := range all {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, xref)
	return b.Bytes()
}

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func stream(dict, body string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(body), body)
}

func TestPDFsThatAct(t *testing.T) {
	t.Parallel()
	hidden := "4 0 <</S/JavaScript/JS(app.alert(1))>>"
	for _, c := range []struct {
		name string
		body []byte
		want models.FileCode
	}{
		{"plain", pdfWith(""), ""},
		{"goes to its first page", pdfWith("/OpenAction[3 0 R/Fit]"), ""},
		{"open action", pdfWith("/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), models.FilePDFActive},
		{"spelled with escapes", pdfWith("/OpenAction<</S/J#61va#53cript/JS(app.alert(1))>>"), models.FilePDFActive},
		{"additional action", pdfWith("/AA<</WC<</S/Launch/F(a.exe)>>>>"), models.FilePDFActive},
		{"in an object stream", pdfWith("", stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", deflated(hidden))), models.FilePDFActive},
		{"in an object stream, as an array", pdfWith("", stream("/Type/ObjStm/N 1/First 4/Filter[/FlateDecode]", deflated(hidden))), models.FilePDFActive},
		{"an object stream packed twice", pdfWith("", stream("/Type/ObjStm/N 1/First 4/Filter[/ASCIIHexDecode/FlateDecode]", "78")), models.FilePDFActive},
		{"an object stream with a predictor", pdfWith("", stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 12>>", deflated("4 0 <<>>"))), models.FilePDFActive},
		{"a harmless object stream", pdfWith("", stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", deflated("4 0 <</A 1>>"))), ""},
		{"an unused object", pdfWith("", "<</S/JavaScript/JS(x)>>"), models.FilePDFActive},
		{"a form that sends", pdfWith("", "<</S/SubmitForm/F(http://x)>>"), models.FilePDFActive},
		{"a form of XFA", pdfWith("/AcroForm<</XFA 4 0 R>>"), models.FilePDFActive},
		{"an attached file", pdfWith("/Names<</EmbeddedFiles 4 0 R>>"), models.FilePDFActive},
		{"a film", pdfWith("", "<</Subtype/RichMedia>>"), models.FilePDFActive},
		{"encrypted", bytes.Replace(pdfWith("", "<<>>"), []byte("/Root 1 0 R"), []byte("/Root 1 0 R/Encrypt 4 0 R"), 1), models.FilePDFLocked},
		{"a bomb of streams", pdfWith("", stream("/Filter/FlateDecode", deflated(strings.Repeat("0", 420<<20)))), models.FileTooLarge},
		{"no pages", bytes.Replace(pdfWith(""), []byte("/Kids[3 0 R]/Count 1"), []byte("/Kids[]/Count 0     "), 1), models.FileCorrupt},
		{"a huge page", bytes.Replace(pdfWith(""), []byte("[0 0 200 100]"), []byte("[0 0 9e9 9e9]"), 1), ""},
		{"21 pages", bytes.Replace(pdfWith(""), []byte("/Kids[3 0 R]/Count 1"), []byte("/Kids["+strings.Repeat("3 0 R ", 21)+"]/Count 21"), 1), models.FilePDFTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clean := check(t, files.Incoming{Name: "a.pdf", Body: c.body}, c.want)
			if c.want == "" {
				checkClean(t, clean)
			}
		})
	}
}

func FuzzInspectPDF(f *testing.F) {
	for _, file := range filestest.Manifest(f) {
		if body := file.Body(f); bytes.Contains(body, []byte("%PDF")) && len(body) < 8<<10 {
			f.Add(body)
		}
	}
	f.Add(pdfWith("", stream("/Type/ObjStm/Filter/FlateDecode", deflated("4 0 <</A#42 1>>"))))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := files.Inspect(body)
		if err != nil && models.FileCodeOf(err) == "" {
			t.Errorf("no code: %v", err)
		}
	})
}

// FuzzCheck gives the whole checker whatever comes; it must answer with a clean document or a refusal with a code.
func FuzzCheck(f *testing.F) {
	for _, file := range filestest.Manifest(f) {
		if body := file.Body(f); len(body) < 16<<10 && !bytes.HasPrefix(body, []byte("%PDF")) {
			f.Add(file.Name, file.Mime, body)
		}
	}
	checker := files.New(files.Options{})
	f.Fuzz(func(t *testing.T, name, mime string, body []byte) {
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("%PDF")) || bytes.Contains(body, []byte("ftyp")) {
			t.Skip("the libraries have fuzz tests of their own")
		}
		clean, err := checker.Check(t.Context(), files.Incoming{Name: name, Mime: mime, Body: body})
		if err == nil {
			checkClean(t, clean)
		} else if models.FileCodeOf(err) == "" {
			t.Errorf("no code: %v", err)
		}
	})
}
