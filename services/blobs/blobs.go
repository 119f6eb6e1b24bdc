// Package blobs keeps files outside the database: in a folder, or in a bucket that speaks S3. A file is
// written once under a name drawn at random and never changed; its SHA-256 is taken while it is written.
package blobs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://bucket?endpoint=…&region=…
	"gocloud.dev/gcerrors"

	"pagaduria/models"
)

// Store is where files are kept.
type Store struct {
	bucket *blob.Bucket
}

// Stored says where a file lies and what was written.
type Stored struct {
	Key    string
	Size   int64
	SHA256 []byte
}

// Open opens the store at a file:// or s3:// address; the folder of a file:// address is made when it
// is missing. Credentials for S3 come from the usual AWS variables and files.
func Open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read blob store address: %w", err)
	}
	switch u.Scheme {
	case "file":
		return openFolder(filepath.FromSlash(u.Path))
	case "s3":
		bucket, err := blob.OpenBucket(ctx, s3Address(u))
		if err != nil {
			return nil, fmt.Errorf("open blob store: %w", err)
		}
		return &Store{bucket: bucket}, nil
	}
	return nil, fmt.Errorf("blob store address must begin with file:// or s3://, not %q", u.Scheme+"://")
}

// FolderAddress is the file:// address of a folder.
func FolderAddress(folder string) (string, error) {
	full, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(full)}).String(), nil
}

// openFolder keeps temporary files beside the final ones, because a rename must not leave the disk.
// Files are readable by the product's own user alone.
func openFolder(folder string) (*Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make blob folder: %w", err)
	}
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{
		NoTempDir: true, Metadata: fileblob.MetadataDontWrite, DirFileMode: 0o700,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	return &Store{bucket: bucket}, nil
}

// s3Address asks for the bucket in the path when another endpoint than Amazon's is named: few other
// servers answer at bucket.host.
func s3Address(u *url.URL) string {
	q := u.Query()
	if q.Get("endpoint") != "" && !q.Has("use_path_style") && !q.Has("s3ForcePathStyle") {
		q.Set("use_path_style", "true")
	}
	with := *u
	with.RawQuery = q.Encode()
	return with.String()
}

// Close lets the store go.
func (s *Store) Close() error { return s.bucket.Close() }

// Ready answers whether the store can be reached.
func (s *Store) Ready(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err == nil && !ok {
		err = errors.New("it does not answer")
	}
	if err != nil {
		return fmt.Errorf("reach blob store: %w", err)
	}
	return nil
}

// Put writes what r holds under area/<random name> and answers the key, size and SHA-256. More than
// limit bytes are refused and leave nothing behind. name lends its extension only.
func (s *Store) Put(ctx context.Context, area, name string, r io.Reader, limit int64) (Stored, error) {
	key := path.Join(area, newName()+extension(name))
	ctx, cancel := context.WithCancel(ctx) // a writer whose context is cancelled writes nothing
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: true})
	if err != nil {
		return Stored{}, fmt.Errorf("write blob %s: %w", key, err)
	}
	sum := sha256.New()
	n, err := copyLimited(w, sum, r, limit)
	if err != nil {
		cancel()
		_ = w.Close()
		return Stored{}, err
	}
	if err := w.Close(); err != nil {
		return Stored{}, fmt.Errorf("write blob %s: %w", key, err)
	}
	return Stored{Key: key, Size: n, SHA256: sum.Sum(nil)}, nil
}

func copyLimited(w io.Writer, sum hash.Hash, r io.Reader, limit int64) (int64, error) {
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, limit+1))
	if err != nil {
		return 0, fmt.Errorf("write blob: %w", err)
	}
	if n > limit {
		return 0, models.Refuse(models.Invalid, "error.file_too_large",
			fmt.Sprintf("The file is larger than %d MB. Split it and try again.", limit>>20),
			map[string]any{"MB": limit >> 20})
	}
	return n, nil
}

// Open reads a file; the reader can be rewound. A key that is not there is NotFound.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, models.Refuse(models.NotFound, "error.file_gone", "This file is no longer kept.", nil)
	}
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", key, err)
	}
	return r, nil
}

// Delete removes a file; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete blob %s: %w", key, err)
	}
	return nil
}

func newName() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// extension answers the extension of a file name when it is short and plain, else "".
func extension(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if len(ext) < 2 || len(ext) > 6 {
		return ""
	}
	for _, c := range ext[1:] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return ""
		}
	}
	return ext
}

// Item is one file of the store as a listing has it.
type Item struct {
	Key  string
	Size int64
	At   time.Time
}

// Each names every file under area, in the order of their keys.
func (s *Store) Each(ctx context.Context, area string, visit func(Item) error) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: area + "/"})
	for {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list blobs of %s: %w", area, err)
		}
		if o.IsDir {
			continue
		}
		if err := visit(Item{Key: o.Key, Size: o.Size, At: o.ModTime}); err != nil {
			return err
		}
	}
}
