// Package files judges files of unknown origin. Check answers a clean document, made anew from what was seen in
// the file, or a refusal with a code and a sentence. Nothing outside the package touches a file before that, and the
// libraries that read HEIC and PDF run in WebAssembly with a bound on memory and time.
package files

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"pagaduria/models"
)

// MaxBytes is the largest file that is looked at.
const MaxBytes = models.FileMaxMB << 20

// checkWithin bounds the work on one file, once its turn has come.
const checkWithin = time.Minute

// Incoming is a file as somebody sent it. Name and Mime are what the sender says, and are believed in nothing.
type Incoming struct {
	Name string
	Mime string
	Body []byte
}

// Clean is a file that was taken.
type Clean struct {
	Kind     models.FileKind
	Name     string            // for showing
	Done     []models.FileCode // what was cleaned
	Received [sha256.Size]byte // of the bytes that were sent
	Kept     []byte            // a picture made anew as JPEG; a PDF as it came
	Mime     string            // of Kept
	Pages    []Page            // of a picture the one page is Kept itself
}

// Page is one page as people see it, always JPEG.
type Page struct {
	Width, Height int
	JPEG          []byte
}

// Code is what `files check` says of a file that was taken: the first thing that was cleaned, or nothing.
func (c Clean) Code() models.FileCode {
	if len(c.Done) == 0 {
		return ""
	}
	return c.Done[0]
}

// Scanner looks for viruses. It answers the name of what it found, "" for nothing; an error means that nobody
// looked, and the file is refused.
type Scanner interface {
	Scan(ctx context.Context, body []byte) (found string, err error)
}

// Options say how a Checker works; all may be left out.
type Options struct {
	Conversions int     // how many files are converted at once, 2 when 0; the rest waits
	CacheDir    string  // where compiled WebAssembly is kept between starts; "" compiles it anew in each process
	Scanner     Scanner // nil looks for the test virus only
}

// Checker judges files. It is safe for use by many goroutines; close it after use.
type Checker struct {
	options Options
	slots   *semaphore.Weighted
	engines engines
}

// New makes a Checker; it loads nothing until a file needs it.
func New(o Options) *Checker {
	if o.Conversions == 0 {
		o.Conversions = 2
	}
	return &Checker{options: o, slots: semaphore.NewWeighted(int64(o.Conversions)), engines: engines{cacheDir: o.CacheDir}}
}

// Close lets the engines go.
func (c *Checker) Close() error { return c.engines.close() }

// Check judges a file. Refusals are *models.Error with a models.FileCode; other errors mean that the work broke off.
func (c *Checker) Check(ctx context.Context, in Incoming) (Clean, error) {
	kind, err := c.judge(ctx, in)
	if err != nil {
		return Clean{}, err
	}
	clean := Clean{Kind: kind, Name: models.CleanFileName(in.Name, "documento"+extensions[kind]), Received: sha256.Sum256(in.Body)}
	if clean.Name != in.Name {
		clean.Done = append(clean.Done, models.FileRenamed)
	}
	if kind.Picture() {
		err = c.picture(ctx, in.Body, &clean)
	} else {
		err = c.pdf(ctx, in.Body, &clean)
	}
	if err != nil {
		return Clean{}, err
	}
	return clean, nil
}

// judge says what the file is, before anything reads its inside.
func (c *Checker) judge(ctx context.Context, in Incoming) (models.FileKind, error) {
	switch {
	case len(in.Body) == 0:
		return "", models.FileRefusal(models.FileEmpty)
	case len(in.Body) > MaxBytes:
		return "", models.FileRefusal(models.FileTooLarge)
	case isTestVirus(in.Body):
		return "", models.FileRefusal(models.FileMalware)
	}
	if c.options.Scanner != nil {
		found, err := c.options.Scanner.Scan(ctx, in.Body)
		if err != nil {
			return "", fmt.Errorf("%w (%w)", models.FileRefusal(models.FileNotScanned), err)
		}
		if found != "" {
			return "", models.FileRefusal(models.FileMalware)
		}
	}
	return kindOf(in)
}

// enter waits for a turn. A picture that takes much memory takes every turn.
func (c *Checker) enter(ctx context.Context, pixels int) (leave func(), err error) {
	n := int64(1)
	if pixels > largePixels {
		n = int64(c.options.Conversions)
	}
	if err := c.slots.Acquire(ctx, n); err != nil {
		return nil, fmt.Errorf("wait for the conversion of a file: %w", err)
	}
	return func() { c.slots.Release(n) }, nil
}
