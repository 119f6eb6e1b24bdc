package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/webp"

	"pagaduria/models"
)

const (
	maxPixels   = models.FileMaxMegapixels * 1_000_000
	largePixels = 12_500_000 // what phones take by default; more takes every turn
	maxSide     = 4096       // of what is kept: more shows nothing more of a document
	jpegQuality = 88
)

// picture decodes an image, after its header was found harmless, and makes it anew: upright, without anything that
// is not a pixel.
func (c *Checker) picture(ctx context.Context, body []byte, clean *Clean) error {
	found, orientation := metadata(clean.Kind, body)
	img, leave, err := c.decode(ctx, clean.Kind, body)
	if err != nil {
		return err
	}
	defer leave()
	page, err := encode(upright(img, orientation))
	if err != nil {
		return err
	}
	if found {
		clean.Done = append(clean.Done, models.FileStripped)
	}
	clean.Kept, clean.Mime, clean.Pages = page.JPEG, "image/jpeg", []Page{page}
	return nil
}

// decode answers the pixels, and what gives the turn back that they were decoded in.
func (c *Checker) decode(ctx context.Context, kind models.FileKind, body []byte) (image.Image, func(), error) {
	if kind == models.FileHEIC {
		return c.decodeHEIC(ctx, body)
	}
	config, err := headerOf(kind, body)
	if err != nil {
		return nil, nil, corrupt(err)
	}
	if err := bounded(config.Width, config.Height); err != nil {
		return nil, nil, err
	}
	leave, err := c.enter(ctx, config.Width*config.Height)
	if err != nil {
		return nil, nil, err
	}
	img, err := pixelsOf(kind, body)
	if err != nil {
		leave()
		return nil, nil, corrupt(err)
	}
	return img, leave, nil
}

func headerOf(kind models.FileKind, body []byte) (image.Config, error) {
	r := bytes.NewReader(body)
	switch kind {
	case models.FileJPEG:
		return jpeg.DecodeConfig(r)
	case models.FilePNG:
		return png.DecodeConfig(r)
	}
	return webp.DecodeConfig(r)
}

func pixelsOf(kind models.FileKind, body []byte) (image.Image, error) {
	r := bytes.NewReader(body)
	switch kind {
	case models.FileJPEG:
		return jpeg.Decode(r)
	case models.FilePNG:
		return png.Decode(r)
	}
	return webp.Decode(r)
}

// bounded refuses a picture by the size its header names.
func bounded(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return models.FileRefusal(models.FileCorrupt)
	case width > maxPixels/height:
		return models.FileRefusal(models.FileImageTooLarge)
	}
	return nil
}

// corrupt is the refusal of what a decoder could not read; time that ran out is no fault of the file.
func corrupt(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w (%w)", models.FileRefusal(models.FileCorrupt), err)
}

// encode writes pixels as JPEG on white, no side longer than maxSide.
func encode(img image.Image) (Page, error) {
	size := fit(img.Bounds().Size(), maxSide)
	canvas := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	if size == img.Bounds().Size() {
		draw.Draw(canvas, canvas.Bounds(), img, img.Bounds().Min, draw.Over)
	} else {
		draw.BiLinear.Scale(canvas, canvas.Bounds(), img, img.Bounds(), draw.Over, nil)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Page{}, fmt.Errorf("write JPEG: %w", err)
	}
	return Page{Width: size.X, Height: size.Y, JPEG: out.Bytes()}, nil
}

// fit is a size scaled down so that no side is longer than limit.
func fit(size image.Point, limit int) image.Point {
	longest := max(size.X, size.Y)
	if longest <= limit {
		return size
	}
	scale := float64(limit) / float64(longest)
	return image.Pt(max(1, int(math.Round(float64(size.X)*scale))), max(1, int(math.Round(float64(size.Y)*scale))))
}

// upright turns a picture as its EXIF orientation says.
func upright(img image.Image, orientation int) image.Image {
	if orientation <= 1 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	w, h := float64(b.Dx()), float64(b.Dy())
	size := b.Size()
	if orientation >= 5 {
		size = image.Pt(size.Y, size.X)
	}
	turn := map[int]f64.Aff3{
		2: {-1, 0, w, 0, 1, 0},
		3: {-1, 0, w, 0, -1, h},
		4: {1, 0, 0, 0, -1, h},
		5: {0, 1, 0, 1, 0, 0},
		6: {0, -1, h, 1, 0, 0},
		7: {0, -1, h, -1, 0, w},
		8: {0, 1, 0, -1, 0, w},
	}[orientation]
	turn[2] -= turn[0]*float64(b.Min.X) + turn[1]*float64(b.Min.Y)
	turn[5] -= turn[3]*float64(b.Min.X) + turn[4]*float64(b.Min.Y)
	out := image.NewRGBA(image.Rectangle{Max: size})
	draw.NearestNeighbor.Transform(out, turn, flat(img), b, draw.Src, nil)
	return out
}

// flat puts a picture on white, so that what shone through does not turn black.
func flat(img image.Image) image.Image {
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return img
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}
