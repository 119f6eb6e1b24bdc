package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"pagaduria/models"
)

// pageSide is the longer side of a page's image in pixels: about 200 dots an inch of a letter page.
const pageSide = 2200

// pdf checks a PDF and draws its pages.
func (c *Checker) pdf(ctx context.Context, body []byte, clean *Clean) error {
	if err := inspectPDF(body); err != nil {
		return err
	}
	leave, err := c.enter(ctx, 0)
	if err != nil {
		return err
	}
	defer leave()
	if clean.Pages, err = c.drawPDF(ctx, body); err != nil {
		return err
	}
	clean.Kept, clean.Mime = body, "application/pdf"
	return nil
}

// drawPDF opens the document in an instance of its own, which is killed when time runs out.
func (c *Checker) drawPDF(ctx context.Context, body []byte) (pages []Page, err error) {
	pool, err := c.engines.pdfPool(c.options.Conversions)
	if err != nil {
		return nil, err
	}
	engine, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("start PDF library: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	killed := context.AfterFunc(within, func() { _ = engine.Kill() })
	defer func() {
		if killed() {
			_ = engine.Close()
		}
	}()
	pages, err = document{engine}.pages(body)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		return nil, corrupt(errors.New("drawing it takes too long"))
	}
	return pages, err
}

// document is an instance of the library that reads one document.
type document struct{ engine pdfium.Pdfium }

// pages draws every page. A panic inside the library is the file's fault.
func (d document) pages(body []byte) (pages []Page, err error) {
	defer func() {
		if p := recover(); p != nil {
			pages, err = nil, corrupt(fmt.Errorf("PDF library: %v", p))
		}
	}()
	opened, err := d.engine.OpenDocument(&requests.OpenDocument{File: &body})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return nil, models.FileRefusal(models.FilePDFLocked)
	case err != nil:
		return nil, corrupt(err)
	}
	count, err := d.engine.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	switch {
	case err != nil:
		return nil, corrupt(err)
	case count.PageCount < 1:
		return nil, models.FileRefusal(models.FileCorrupt)
	case count.PageCount > models.FileMaxPages:
		return nil, models.FileRefusal(models.FilePDFTooLong)
	}
	if err := d.passive(opened.Document); err != nil {
		return nil, err
	}
	pages = make([]Page, count.PageCount)
	for i := range pages {
		if pages[i], err = d.page(opened.Document, i); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// passive asks the library too for what inspectPDF looks for in the bytes.
func (d document) passive(doc references.FPDF_DOCUMENT) error {
	scripts, err := d.engine.FPDFDoc_GetJavaScriptActionCount(&requests.FPDFDoc_GetJavaScriptActionCount{Document: doc})
	if err != nil {
		return corrupt(err)
	}
	attached, err := d.engine.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: doc})
	if err != nil {
		return corrupt(err)
	}
	if scripts.JavaScriptActionCount > 0 || attached.AttachmentCount > 0 {
		return models.FileRefusal(models.FilePDFActive)
	}
	return nil
}

// page draws one page. A page may name any size: what is drawn is scaled to pageSide.
func (d document) page(doc references.FPDF_DOCUMENT, i int) (Page, error) {
	at := requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}
	size, err := d.engine.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc, Index: i})
	if err != nil {
		return Page{}, corrupt(err)
	}
	to := pagePixels(size.Width, size.Height)
	if to == (image.Point{}) {
		return Page{}, models.FileRefusal(models.FileCorrupt)
	}
	drawn, err := d.engine.RenderPageInPixels(&requests.RenderPageInPixels{Page: at, Width: to.X, Height: to.Y})
	if err != nil {
		return Page{}, corrupt(err)
	}
	defer drawn.Cleanup()
	return encode(drawn.Result.RenderedImage)
}

// pagePixels is the size of a page's image, zero for a page that has none.
func pagePixels(width, height float64) image.Point {
	longest := math.Max(width, height)
	if !(width > 0 && height > 0) || math.IsInf(longest, 0) {
		return image.Point{}
	}
	scale := pageSide / longest
	return image.Pt(max(1, int(math.Round(width*scale))), max(1, int(math.Round(height*scale))))
}

// inspectPDF refuses by the bytes, before any library reads them: what is cut off, what is encrypted, and what holds
// scripts, launch actions, attached files and the like. It goes by words wherever they stand — in old revisions,
// in objects nothing refers to, in compressed object streams — and not by the structure, which two readers may
// understand in two ways.
func inspectPDF(body []byte) error {
	if end := tail(body, 2<<10); !bytes.Contains(end, []byte("%%EOF")) || !bytes.Contains(body, []byte("startxref")) {
		return models.FileRefusal(models.FileCorrupt)
	}
	switch names := namesIn(body); {
	case names.locked:
		return models.FileRefusal(models.FilePDFLocked)
	case names.active:
		return models.FileRefusal(models.FilePDFActive)
	}
	return inspectStreams(body)
}

// activeNames make a PDF do something, or carry something. Each is longer than chance puts into compressed data.
var activeNames = map[string]bool{
	"JavaScript": true, "Launch": true, "EmbeddedFile": true, "EmbeddedFiles": true, "FileAttachment": true, "RichMedia": true, "Rendition": true,
	"SubmitForm": true, "ImportData": true, "GoToE": true,
}

// longestName bounds what is read of a name.
const longestName = 32

type seen struct{ active, locked, objectStream bool }

// namesIn looks at every name, undoing #xx.
func namesIn(b []byte) (s seen) {
	var name [longestName]byte
	for {
		at := bytes.IndexByte(b, '/')
		if at < 0 {
			return s
		}
		b = b[at+1:]
		n, used := readName(b, &name)
		switch word := string(name[:n]); {
		case activeNames[word]:
			s.active = true
		case word == "XFA" && followedByValue(b[used:]):
			s.active = true
		case word == "Encrypt" && followedByValue(b[used:]):
			s.locked = true
		case word == "ObjStm":
			s.objectStream = true
		}
	}
}

// readName reads what follows a slash.
func readName(b []byte, name *[longestName]byte) (n, used int) {
	for used < len(b) && n < longestName {
		c := b[used]
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 {
			return n, used
		}
		used++
		if c == '#' && used+1 < len(b) {
			high, ok1 := unhex(b[used])
			low, ok2 := unhex(b[used+1])
			if ok1 && ok2 {
				c = high<<4 | low
				used += 2
			}
		}
		name[n] = c
		n++
	}
	return n, used
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// followedByValue tells a key with a reference, an array or a dictionary from a word in a stream.
func followedByValue(b []byte) bool {
	b = bytes.TrimLeft(head(b, 16), " \t\r\n\x00\f")
	return len(b) > 0 && (b[0] == '[' || b[0] == '<' || b[0] >= '0' && b[0] <= '9')
}
