// Package pdf writes plain text documents as PDF, page by page, without holding more than one in memory. Latin text is
// set in Helvetica; Chinese in a font that every reader brings along, named and not embedded: a font file of Chinese is
// larger than this program's other assets together, which is why no library is used that can only embed.
package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// The page, in points: A4 with margins.
const (
	pageWidth  = 595
	pageHeight = 842
	margin     = 56
	textWidth  = pageWidth - 2*margin
)

// Writer writes one document. Errors are kept and answered by Close.
type Writer struct {
	out     io.Writer
	at      int64
	offsets []int64 // of objects, by number - 1
	pages   []int
	page    bytes.Buffer
	y       float64
	title   string
	err     error
}

// Numbers of the objects that every document has.
const (
	catalog = iota + 1
	pageTree
	regular
	bold
	chinese
	chineseDescendant
	info
	fixed = info
)

// New begins a document; title is written in the foot of every page.
func New(out io.Writer, title string) *Writer {
	w := &Writer{out: out, title: title, offsets: make([]int64, fixed), y: pageHeight - margin}
	w.raw("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	return w
}

func (w *Writer) raw(s string) {
	if w.err == nil {
		var n int
		n, w.err = io.WriteString(w.out, s)
		w.at += int64(n)
	}
}

func (w *Writer) object(number int, body string) {
	w.offsets[number-1] = w.at
	w.raw(fmt.Sprintf("%d 0 obj\n%s\nendobj\n", number, body))
}

func (w *Writer) next() int {
	w.offsets = append(w.offsets, 0)
	return len(w.offsets)
}

// Heading writes a heading with room above it; it does not stay alone at the foot of a page.
func (w *Writer) Heading(text string, size float64) {
	if w.y < margin+4*size {
		w.flush()
	}
	w.y -= size * 0.8
	w.text(text, size, true, 0)
}

// Line writes a paragraph, broken into lines.
func (w *Writer) Line(text string) { w.text(text, 9, false, 0) }

// Pair writes a name in bold and what is said of it beside it.
func (w *Writer) Pair(name, text string) {
	const indent, size = 150.0, 9.0
	left, right := wrap(name, size, true, indent-8), wrap(text, size, false, textWidth-indent)
	for i := range max(len(left), len(right)) {
		w.room(size * 1.35)
		if i < len(left) {
			w.show(left[i], size, true, margin)
		}
		if i < len(right) {
			w.show(right[i], size, false, margin+indent)
		}
	}
}

// Gap leaves room.
func (w *Writer) Gap(points float64) { w.y -= points }

func (w *Writer) text(text string, size float64, strong bool, indent float64) {
	for _, line := range wrap(text, size, strong, textWidth-indent) {
		w.room(size * 1.35)
		w.show(line, size, strong, margin+indent)
	}
}

// room moves down by a line, to the next page when there is none left.
func (w *Writer) room(height float64) {
	if w.y-height < margin {
		w.flush()
	}
	w.y -= height
}

// show writes one line, run by run in the font that has its letters.
func (w *Writer) show(line string, size float64, strong bool, x float64) {
	fmt.Fprintf(&w.page, "BT %.1f %.1f Td ", x, w.y)
	for _, r := range runs(line) {
		if r.chinese {
			fmt.Fprintf(&w.page, "/F3 %.1f Tf <%X> Tj ", size, bigEndian(r.text))
			continue
		}
		font := "F1"
		if strong {
			font = "F2"
		}
		fmt.Fprintf(&w.page, "/%s %.1f Tf <%X> Tj ", font, size, latin(r.text))
	}
	w.page.WriteString("ET\n")
}

// flush writes the page and begins another one.
func (w *Writer) flush() {
	w.y = margin - 24
	w.show(fmt.Sprintf("%s · %d", w.title, len(w.pages)+1), 7, false, margin)
	content, page := w.next(), w.next()
	w.object(content, fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", w.page.Len(), w.page.String()))
	w.object(page, fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << /Font << /F1 %d 0 R /F2 %d 0 R /F3 %d 0 R >> >> >>",
		pageTree, pageWidth, pageHeight, content, regular, bold, chinese))
	w.pages = append(w.pages, page)
	w.page.Reset()
	w.y = pageHeight - margin
}

// Close writes the last page and what holds the document together.
func (w *Writer) Close() error {
	w.flush()
	kids := make([]string, len(w.pages))
	for i, p := range w.pages {
		kids[i] = fmt.Sprintf("%d 0 R", p)
	}
	w.object(pageTree, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " ")))
	w.object(regular, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	w.object(bold, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	w.object(chinese, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H /DescendantFonts [%d 0 R] >>", chineseDescendant))
	w.object(chineseDescendant, "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 "+
		"/FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >> >>")
	w.object(info, fmt.Sprintf("<< /Title <FEFF%X> >>", bigEndian(w.title)))
	w.object(catalog, fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", pageTree))
	start := w.at
	w.raw(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1))
	for _, at := range w.offsets {
		w.raw(fmt.Sprintf("%010d 00000 n \n", at))
	}
	w.raw(fmt.Sprintf("trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, catalog, info, start))
	return w.err
}

type run struct {
	text    string
	chinese bool
}

// runs splits a line where the font changes.
func runs(line string) (list []run) {
	for _, r := range line {
		_, known := charmap.Windows1252.EncodeRune(r)
		if n := len(list); n > 0 && list[n-1].chinese == !known {
			list[n-1].text += string(r)
			continue
		}
		list = append(list, run{string(r), !known})
	}
	return list
}

func latin(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '?'
		}
		b = append(b, c)
	}
	return b
}

// bigEndian is UCS-2; what lies beyond it is shown as a question mark.
func bigEndian(s string) []byte {
	var b []byte
	for _, r := range s {
		if utf16.RuneLen(r) != 1 {
			r = '?'
		}
		b = append(b, byte(r>>8), byte(r))
	}
	return b
}

// widths are those of Helvetica from space to tilde, in thousandths of the size.
var widths = [95]uint16{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584,
	584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333,
	556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584}

// width is how wide a letter is at most, in thousandths of the size.
func width(r rune, strong bool) float64 {
	if r >= 0x2E80 {
		return 1000
	}
	n := 667.0 // letters with accents, and signs
	if r >= ' ' && r <= '~' {
		n = float64(widths[r-' '])
	}
	if strong {
		n *= 1.1
	}
	return n
}

// wrap breaks a text into lines that fit: between words, inside one that is too long, and after any Chinese letter.
func wrap(text string, size float64, strong bool, room float64) (lines []string) {
	room = room * 1000 / size
	for _, paragraph := range strings.Split(strings.ReplaceAll(text, "\r", ""), "\n") {
		line, used, gap := []rune{}, 0.0, -1 // gap is the last place to break at
		for _, r := range paragraph {
			if r < ' ' {
				r = ' '
			}
			line = append(line, r)
			used += width(r, strong)
			if r == ' ' || r >= 0x2E80 {
				gap = len(line)
			}
			if used <= room || len(line) == 1 {
				continue
			}
			at := gap
			if at <= 0 || at == len(line) {
				at = len(line) - 1
			}
			lines = append(lines, strings.TrimRight(string(line[:at]), " "))
			line, used, gap = append([]rune{}, line[at:]...), 0, -1
			for _, x := range line {
				used += width(x, strong)
			}
		}
		lines = append(lines, string(line))
	}
	return lines
}
