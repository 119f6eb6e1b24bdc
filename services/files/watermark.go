package files

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// Watermark draws a page that Check made, turned clockwise by quarters, with words across all of it.
func (c *Checker) Watermark(ctx context.Context, page []byte, turned int, words string) ([]byte, error) {
	leave, err := c.enter(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer leave()
	img, err := jpeg.Decode(bytes.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	img = upright(img, map[int]int{90: 6, 180: 3, 270: 8}[turned])
	b := img.Bounds()
	canvas := image.NewRGBA(image.Rectangle{Max: b.Size()})
	draw.Draw(canvas, canvas.Bounds(), img, b.Min, draw.Src)
	if err := mark(canvas, words); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, &jpeg.Options{Quality: 82}); err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return out.Bytes(), nil
}

var typeface = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// markInk is seen on white paper and on dark photos, and leaves what is under it legible.
var markInk = color.NRGBA{R: 200, G: 20, B: 60, A: 70}

// mark repeats the words over the picture, rising to the right.
func mark(canvas *image.RGBA, words string) error {
	face, err := typeface()
	if err != nil {
		return fmt.Errorf("read typeface: %w", err)
	}
	size := canvas.Bounds().Size()
	points := math.Max(11, float64(min(size.X, size.Y))/32)
	tile, err := lettering(face, words, points)
	if err != nil {
		return err
	}
	const slope = 0.42 // radians
	sin, cos := math.Sincos(-slope)
	w, h := float64(tile.Bounds().Dx()), float64(tile.Bounds().Dy())
	row := 0
	for y := -w * math.Sin(slope); y < float64(size.Y)+w*math.Sin(slope); y += 5 * h {
		shift := float64(row%2) * w / 2
		for x := -w + shift; x < float64(size.X); x += w*cos + 2*h {
			at := f64.Aff3{cos, -sin, x, sin, cos, y + w*math.Sin(slope)/2}
			xdraw.BiLinear.Transform(canvas, at, tile, tile.Bounds(), xdraw.Over, nil)
		}
		row++
	}
	return nil
}

// lettering draws words on a transparent ground just large enough for them.
func lettering(f *opentype.Font, words string, points float64) (*image.RGBA, error) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("read typeface: %w", err)
	}
	defer func() { _ = face.Close() }()
	words = drawable(face, words)
	metrics := face.Metrics()
	tile := image.NewRGBA(image.Rect(0, 0, font.MeasureString(face, words).Ceil()+2, (metrics.Ascent+metrics.Descent).Ceil()+2))
	d := font.Drawer{Dst: tile, Src: image.NewUniform(markInk), Face: face, Dot: fixed.Point26_6{X: fixed.I(1), Y: metrics.Ascent + fixed.I(1)}}
	d.DrawString(words)
	return tile, nil
}

// drawable leaves out what the typeface has no letter for.
func drawable(face font.Face, words string) string {
	kept := make([]rune, 0, len(words))
	for _, r := range words {
		if _, ok := face.GlyphAdvance(r); ok {
			kept = append(kept, r)
		}
	}
	return string(kept)
}
