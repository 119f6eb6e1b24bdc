package files

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/tetratelabs/wazero/api"

	"pagaduria/models"
)

// What libheif calls colour spaces and ways of sampling.
const (
	heifYCbCr      = 0
	heifRGB        = 1
	heifMonochrome = 2

	heif420 = 1
	heif422 = 2
	heif444 = 3
)

// heifPicture is what libheif says of the first picture in a file.
type heifPicture struct {
	width, height     int
	space, chroma     uint32
	premultiplied     bool
	planes            []byte
	stride, subStride int
}

// decodeHEIC asks for the size first and decodes when it is bounded.
func (c *Checker) decodeHEIC(ctx context.Context, body []byte) (image.Image, func(), error) {
	// The size is only known inside the library, so that a picture takes every turn until it is.
	leave, err := c.enter(ctx, maxPixels)
	if err != nil {
		return nil, nil, err
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	p, err := c.readHEIC(within, body)
	if err != nil {
		leave()
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, err
	}
	return p.image(), leave, nil
}

// readHEIC runs the library in an instance of its own. Whatever goes wrong inside is the file's fault.
func (c *Checker) readHEIC(ctx context.Context, body []byte) (p heifPicture, err error) {
	module, err := c.engines.heifModule(ctx)
	if err != nil {
		return p, err
	}
	defer func() { _ = module.Close(context.WithoutCancel(ctx)) }()
	lib := heifLibrary{ctx: ctx, module: module}
	in, err := lib.put(body)
	if err != nil {
		return p, refuseCorrupt(err)
	}
	if p, err = lib.describe(in, len(body)); err != nil {
		return p, refuseCorrupt(err)
	}
	if err := bounded(p.width, p.height); err != nil {
		return p, err
	}
	if err := lib.decode(in, len(body), &p); err != nil {
		return p, refuseCorrupt(err)
	}
	return p, nil
}

func refuseCorrupt(err error) error {
	return fmt.Errorf("%w (%w)", models.FileRefusal(models.FileCorrupt), err)
}

// heifLibrary is one instance; see heif.c of its source for the one function it has.
type heifLibrary struct {
	ctx    context.Context
	module api.Module
	out    uint32 // five numbers that decode fills
}

func (l *heifLibrary) alloc(n int) (uint32, error) {
	r, err := l.module.ExportedFunction("malloc").Call(l.ctx, uint64(n))
	if err != nil {
		return 0, err
	}
	if r[0] == 0 {
		return 0, errors.New("libheif: out of memory")
	}
	return uint32(r[0]), nil
}

func (l *heifLibrary) put(body []byte) (uint32, error) {
	in, err := l.alloc(len(body))
	if err != nil {
		return 0, err
	}
	if !l.module.Memory().Write(in, body) {
		return 0, errors.New("libheif: out of memory")
	}
	l.out, err = l.alloc(20)
	return in, err
}

func (l *heifLibrary) call(in uint32, size int, describe uint64, planes uint32) error {
	o := uint64(l.out)
	r, err := l.module.ExportedFunction("decode").Call(l.ctx, uint64(in), uint64(size), describe, o, o+4, o+8, o+12, o+16, uint64(planes))
	if err != nil {
		return err
	}
	if r[0] == 0 {
		return errors.New("libheif: not a picture it reads")
	}
	return nil
}

func (l *heifLibrary) describe(in uint32, size int) (p heifPicture, err error) {
	if err := l.call(in, size, 1, 0); err != nil {
		return p, err
	}
	var n [5]uint32
	for i := range n {
		n[i], _ = l.module.Memory().ReadUint32Le(l.out + uint32(4*i)) // we allocated it
	}
	return heifPicture{width: int(int32(n[0])), height: int(int32(n[1])), space: n[2], chroma: n[3], premultiplied: n[4] == 1}, nil
}

// decode copies the planes out. The library pads rows to 16 bytes.
func (l *heifLibrary) decode(in uint32, size int, p *heifPicture) error {
	n, err := p.layout()
	if err != nil {
		return err
	}
	planes, err := l.alloc(n)
	if err != nil {
		return err
	}
	if err := l.call(in, size, 0, planes); err != nil {
		return err
	}
	b, ok := l.module.Memory().Read(planes, uint32(n))
	if !ok {
		return errors.New("libheif: planes beyond its memory")
	}
	p.planes = append([]byte(nil), b...)
	return nil
}

// layout answers the size of the planes.
func (p *heifPicture) layout() (int, error) {
	padded := func(n int) int { return (n + 15) &^ 15 }
	switch p.space {
	case heifYCbCr:
		cw, ch := p.width, p.height
		switch p.chroma {
		case heif420:
			cw, ch = (cw+1)/2, (ch+1)/2
		case heif422:
			cw = (cw + 1) / 2
		case heif444:
		default:
			return 0, fmt.Errorf("libheif: sampling %d", p.chroma)
		}
		p.stride, p.subStride = padded(p.width), padded(cw)
		return p.stride*p.height + 2*p.subStride*ch, nil
	case heifMonochrome:
		p.stride = padded(p.width)
		return p.stride * p.height, nil
	case heifRGB:
		p.stride = padded(4 * p.width)
		return p.stride * p.height, nil
	}
	return 0, fmt.Errorf("libheif: colour space %d", p.space)
}

func (p heifPicture) image() image.Image {
	r := image.Rect(0, 0, p.width, p.height)
	switch p.space {
	case heifMonochrome:
		return &image.Gray{Pix: p.planes, Stride: p.stride, Rect: r}
	case heifRGB:
		if p.premultiplied {
			return &image.RGBA{Pix: p.planes, Stride: p.stride, Rect: r}
		}
		return &image.NRGBA{Pix: p.planes, Stride: p.stride, Rect: r}
	}
	ratio := map[uint32]image.YCbCrSubsampleRatio{heif420: image.YCbCrSubsampleRatio420, heif422: image.YCbCrSubsampleRatio422,
		heif444: image.YCbCrSubsampleRatio444}[p.chroma]
	y := p.stride * p.height
	c := (len(p.planes) - y) / 2
	return &image.YCbCr{Y: p.planes[:y], Cb: p.planes[y : y+c], Cr: p.planes[y+c:], SubsampleRatio: ratio, YStride: p.stride, CStride: p.subStride, Rect: r}
}
