package files_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"slices"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/files"
	"pagaduria/services/files/filestest"
)

// TestEveryFileOfTheCollection judges the files of the collection as its manifest says. What it expects of people's
// documents is a reviewer's decision: those files are all sound.
func TestEveryFileOfTheCollection(t *testing.T) {
	t.Parallel()
	for _, f := range filestest.Manifest(t) {
		t.Run(f.Path, func(t *testing.T) {
			t.Parallel()
			clean, err := filestest.Checker(t).Check(t.Context(), f.Incoming(t))
			switch {
			case !f.Hostile() && err != nil:
				t.Fatalf("refused: %v", err)
			case f.Hostile() && f.Expected == "refuse":
				if got := models.FileCodeOf(err); got != f.Code {
					t.Errorf("got %q (%v), want %q", got, err, f.Code)
				}
				return
			case f.Hostile() && (err != nil || clean.Code() != f.Code):
				t.Fatalf("got %q and %v, want %q", clean.Code(), err, f.Code)
			}
			checkClean(t, clean)
		})
	}
}

// checkClean looks at what was kept: pictures that open, and nothing else in them.
func checkClean(t *testing.T, c files.Clean) {
	t.Helper()
	if len(c.Pages) == 0 {
		t.Fatal("no pages")
	}
	for i, p := range c.Pages {
		config, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		if err != nil || config.Width != p.Width || config.Height != p.Height {
			t.Errorf("page %d is %dx%d and says %dx%d: %v", i, config.Width, config.Height, p.Width, p.Height, err)
		}
		for _, word := range []string{"Exif", "GPS", "http://", "Apple", "SPECIMEN-CAM", "II*\x00", "MM\x00*"} {
			if bytes.Contains(p.JPEG[:min(len(p.JPEG), 2048)], []byte(word)) {
				t.Errorf("page %d still says %q", i, word)
			}
		}
	}
	if c.Kind.Picture() && &c.Kept[0] != &c.Pages[0].JPEG[0] {
		t.Error("what is kept of a picture is not its page")
	}
}

// check judges a file that must be taken or refused with a code.
func check(t *testing.T, in files.Incoming, want models.FileCode) files.Clean {
	t.Helper()
	clean, err := filestest.Checker(t).Check(t.Context(), in)
	if got := models.FileCodeOf(err); got != want || want == "" && err != nil {
		t.Errorf("%s: got %q (%v), want %q", in.Name, got, err, want)
	}
	return clean
}

func TestThePictureStandsUpright(t *testing.T) {
	t.Parallel()
	turned := check(t, files.Incoming{Name: "a.jpg", Body: filestest.Read(t, "documents/06a_cedula_frente_exif_rotada.jpg")}, "")
	if p := turned.Pages[0]; p.Width <= p.Height {
		t.Errorf("a card held upright is %dx%d, want it lying", p.Width, p.Height)
	}
	// A picture of two pixels, blue left of red, as each orientation of EXIF stores it.
	for orientation := 1; orientation <= 8; orientation++ {
		clean := check(t, files.Incoming{Name: "a.jpg", Body: oriented(t, orientation)}, "")
		img, err := jpeg.Decode(bytes.NewReader(clean.Kept))
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		if b.Dx() != 64 || b.Dy() != 32 {
			t.Fatalf("orientation %d: %v", orientation, b)
		}
		for _, spot := range []struct {
			x, y int
			want color.RGBA
		}{{8, 8, quarters[0]}, {56, 8, quarters[1]}, {8, 24, quarters[2]}, {56, 24, quarters[3]}} {
			r, g, bl, _ := img.At(spot.x, spot.y).RGBA()
			if near(r, spot.want.R) && near(g, spot.want.G) && near(bl, spot.want.B) {
				continue
			}
			t.Errorf("orientation %d: %v at %d,%d, want %v", orientation, img.At(spot.x, spot.y), spot.x, spot.y, spot.want)
		}
	}
}

// quarters are the colours of an upright picture: top left, top right, bottom left, bottom right.
var quarters = []color.RGBA{{0, 0, 255, 255}, {255, 0, 0, 255}, {0, 255, 0, 255}, {255, 255, 255, 255}}

func near(got uint32, want uint8) bool {
	return max(int(got>>8), int(want))-min(int(got>>8), int(want)) < 24
}

// oriented stores the upright picture of quarters the way a camera held like that does.
func oriented(t *testing.T, orientation int) []byte {
	t.Helper()
	const w, h = 64, 32
	stored := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		stored = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			q := quarters[2*(y/(h/2))+x/(w/2)]
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			stored.Set(sx, sy, q)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, stored, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(orientation)) + "\x00\x00\x00\x00\x00\x00")
	segment := append([]byte{0xFF, 0xE1, 0, byte(len(tiff) + 2)}, tiff...)
	return slices.Concat(out.Bytes()[:2], segment, out.Bytes()[2:])
}

// pngHeader is a PNG of any size that holds no pixels.
func pngHeader(width, height uint32) []byte {
	ihdr := []byte("IHDR")
	ihdr = binary.BigEndian.AppendUint32(ihdr, width)
	ihdr = binary.BigEndian.AppendUint32(ihdr, height)
	ihdr = append(ihdr, 8, 6, 0, 0, 0)
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b = append(b, ihdr...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(ihdr))
}

func TestBombsAreRefusedByTheirHeader(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for _, in := range []files.Incoming{
		{Name: "a.png", Body: filestest.Read(t, "hostile/h03_png_bomb_60000x60000.png")},
		{Name: "c.png", Body: pngHeader(50_000_001, 1)},
	} {
		check(t, in, models.FileImageTooLarge)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d MB were taken", used>>20)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, body := range [][]byte{pngHeader(0, 10), pngHeader(1<<31-1, 1<<31-1), pngHeader(1<<31, 1)} {
		check(t, files.Incoming{Name: "d.png", Body: body}, models.FileCorrupt)
	}
}

func photo(t *testing.T) []byte {
	t.Helper()
	return filestest.Read(t, "documents/07_cedula_extranjeria.jpg")
}

func TestOneFileThatIsTwoThings(t *testing.T) {
	t.Parallel()
	zip := []byte("PK\x03\x04\x14\x00\x00\x00a.txtPK\x01\x02a.txtPK\x05\x06" + string(make([]byte, 18)))
	pdf := filestest.Read(t, "documents/14_rut_natural.pdf")
	comment := []byte("\xFF\xFE\x00\x22<SCRIPT>alert(document.cookie)//\x00\x00")
	for _, in := range []files.Incoming{
		{Name: "zip.jpg", Body: append(slices.Clone(photo(t)), zip...)},
		{Name: "zip.pdf", Body: append(slices.Clone(pdf), zip...)},
		{Name: "html.jpg", Body: slices.Concat(photo(t)[:2], comment, photo(t)[2:])},
		{Name: "php.jpg", Body: append(slices.Clone(photo(t)), "<?php system($_GET[0]);"...)},
		{Name: "rar.jpg", Body: append(slices.Clone(photo(t)), "Rar!\x1a\x07\x01\x00"...)},
		{Name: "pdf.jpg", Body: slices.Concat(photo(t)[:2], []byte("\xFF\xFE\x00\x0b%PDF-1.7\n"), photo(t)[2:])},
		{Name: "late.pdf", Body: append([]byte("#!/bin/sh\n"), pdf...)},
	} {
		check(t, in, models.FilePolyglot)
	}
	// What phones add after the picture is no second thing: the picture is made anew.
	clean := check(t, files.Incoming{Name: "motion.jpg", Body: append(slices.Clone(photo(t)), "\x00\x00\x00\x18ftypmp42 a film"...)}, "")
	if bytes.Contains(clean.Kept, []byte("ftyp")) {
		t.Error("the film was kept")
	}
	check(t, files.Incoming{Name: "bom.pdf", Body: append([]byte("\xEF\xBB\xBF"), pdf...)}, "")
}

func TestNamesAndTypesAreOnlyClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mime string
		want       models.FileCode
	}{
		{"IMG_1234", "", ""}, {"cedula.png", "image/png", ""}, {"cedula.HEIC", "application/octet-stream", ""}, {"cedula.jpg.exe", "image/jpeg", models.FileMismatch},
		{"cedula.pdf", "image/jpeg", models.FileMismatch}, {"cedula.jpg", "text/html", models.FileMismatch}, {"cedula.svg", "", models.FileMismatch},
	} {
		check(t, files.Incoming{Name: c.name, Mime: c.mime, Body: photo(t)}, c.want)
	}
	for _, body := range []string{"GIF89a", "BM", "II*\x00", "MZ\x90", "\x7fELF", "#!/bin/sh\n", "<html>", "PK\x03\x04", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1", "hello"} {
		check(t, files.Incoming{Name: "x.bin", Body: []byte(body)}, models.FileNotAllowed)
		check(t, files.Incoming{Name: "x.png", Body: []byte(body)}, models.FileMismatch)
	}
}

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"documents/07_cedula_extranjeria.jpg", "documents/04a_cedula_frente.png", "documents/05a_cedula_frente.heic", "documents/14_rut_natural.pdf"} {
		whole := filestest.Read(t, path)
		check(t, files.Incoming{Name: path, Body: whole[:len(whole)/2]}, models.FileCorrupt)
	}
	check(t, files.Incoming{Name: "large.jpg", Body: make([]byte, files.MaxBytes+1)}, models.FileTooLarge)
}

// saysScanner answers what it is told.
type saysScanner struct {
	found string
	err   error
}

func (s saysScanner) Scan(context.Context, []byte) (string, error) { return s.found, s.err }

func TestNothingIsTakenUnscanned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scanner files.Scanner
		want    models.FileCode
	}{{saysScanner{}, ""}, {saysScanner{found: "Eicar"}, models.FileMalware}, {saysScanner{err: errors.New("connection refused")}, models.FileNotScanned}} {
		checker := files.New(files.Options{Scanner: c.scanner})
		_, err := checker.Check(t.Context(), files.Incoming{Name: "a.jpg", Body: photo(t)})
		if got := models.FileCodeOf(err); got != c.want {
			t.Errorf("%+v: got %q (%v), want %q", c.scanner, got, err, c.want)
		}
	}
	if err := models.FileRefusal(models.FileNotScanned); err.Kind != models.Unavailable {
		t.Errorf("a scanner that is down is %q", err.Kind)
	}
}

func TestConversionsWaitTheirTurn(t *testing.T) {
	t.Parallel()
	var large bytes.Buffer
	if err := png.Encode(&large, image.NewGray(image.Rect(0, 0, 100, 100))); err != nil {
		t.Fatal(err)
	}
	checker := files.New(files.Options{Conversions: 1})
	hold, release := make(chan struct{}), make(chan struct{})
	go checker.Hold(t.Context(), hold, release)
	<-hold
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := checker.Check(ctx, files.Incoming{Name: "a.png", Body: large.Bytes()})
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to give up with its request", err)
	}
	close(release)
	if _, err := checker.Check(t.Context(), files.Incoming{Name: "a.png", Body: large.Bytes()}); err != nil {
		t.Errorf("after its turn: %v", err)
	}
}
