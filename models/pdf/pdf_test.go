package pdf_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"pagaduria/models/pdf"
)

func write(t *testing.T, do func(*pdf.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pdf.New(&out, "Expediente Ñandú 张伟")
	do(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestADocumentHoldsTogether(t *testing.T) {
	t.Parallel()
	b := write(t, func(w *pdf.Writer) {
		w.Heading("Señora Núñez", 16)
		for i := range 200 {
			w.Pair(fmt.Sprintf("Línea %d", i), strings.Repeat("Bogotá, 张伟先生 ", 12))
		}
		w.Line(strings.Repeat("x", 500))
	})
	if !bytes.HasPrefix(b, []byte("%PDF-1.5")) || !bytes.HasSuffix(b, []byte("%%EOF\n")) {
		t.Error("it does not begin or end as a PDF")
	}
	at := bytes.LastIndex(b, []byte("startxref\n"))
	var start int
	if _, err := fmt.Sscanf(string(b[at:]), "startxref\n%d", &start); err != nil || !bytes.HasPrefix(b[start:], []byte("xref\n")) {
		t.Errorf("the table of objects is not where it is said to be: %v", err)
	}
	for n, line := range strings.Split(string(b[start:at]), "\n")[3:] {
		var offset int
		if _, err := fmt.Sscanf(line, "%d 00000 n", &offset); err != nil {
			break
		}
		if want := fmt.Sprintf("%d 0 obj", n+1); !bytes.HasPrefix(b[offset:], []byte(want)) {
			t.Errorf("object %d is not at %d", n+1, offset)
		}
	}
	if got := bytes.Count(b, []byte("/Type /Page ")); got < 10 {
		t.Errorf("%d pages", got)
	}
	if path := os.Getenv("PDF_OUT"); path != "" {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
