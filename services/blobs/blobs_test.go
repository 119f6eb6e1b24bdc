package blobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
)

func openTemp(t *testing.T) (*Store, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "made by open")
	address, err := FolderAddress(folder)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, folder
}

func TestWhatIsPutCanBeReadTwice(t *testing.T) {
	t.Parallel()
	s, _ := openTemp(t)
	body := []byte("código,nombre\n")
	put, err := s.Put(t.Context(), "imports", "../../Lista.CSV", bytes.NewReader(body), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(body)
	if !bytes.Equal(put.SHA256, want[:]) || put.Size != int64(len(body)) {
		t.Errorf("got %x of %d bytes, want %x of %d", put.SHA256, put.Size, want, len(body))
	}
	if !strings.HasPrefix(put.Key, "imports/") || !strings.HasSuffix(put.Key, ".csv") {
		t.Errorf("key is %q", put.Key)
	}
	r, err := s.Open(t.Context(), put.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for range 2 {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("got %q and %v, want %q", got, err, body)
		}
	}
}

func TestTooLargeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s, folder := openTemp(t)
	_, err := s.Put(t.Context(), "imports", "a.csv", strings.NewReader("eleven bytes"), 11)
	if models.KindOf(err) != models.Invalid {
		t.Errorf("got %v, want a refusal", err)
	}
	files := 0
	_ = filepath.WalkDir(folder, func(_ string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if files != 0 {
		t.Errorf("%d files stayed behind", files)
	}
}

func TestFileThatIsGone(t *testing.T) {
	t.Parallel()
	s, _ := openTemp(t)
	if _, err := s.Open(t.Context(), "imports/none.csv"); models.KindOf(err) != models.NotFound {
		t.Errorf("got %v, want not found", err)
	}
	if err := s.Delete(t.Context(), "imports/none.csv"); err != nil {
		t.Errorf("deleting it again: %v", err)
	}
}

func TestAddressesRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://example.com/x", "mem://", "://"} {
		if s, err := Open(t.Context(), address); err == nil {
			_ = s.Close()
			t.Errorf("%q was taken", address)
		}
	}
}

// bucketServer keeps objects the way an S3 server does, as far as PUT and GET go.
type bucketServer struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (b *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		b.objects[r.URL.Path] = body
		w.Header().Set("ETag", `"1"`)
	case http.MethodGet, http.MethodHead:
		body, ok := b.objects[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}

func TestBucketOfAnotherServer(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	kept := &bucketServer{objects: map[string][]byte{}}
	server := httptest.NewServer(kept)
	defer server.Close()
	s, err := Open(context.Background(), "s3://papers?region=us-east-1&endpoint="+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	put, err := s.Put(t.Context(), "evidence", "acta.pdf", strings.NewReader("x"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := kept.objects["/papers/"+put.Key]; !ok {
		t.Errorf("the object lies at %v, want /papers/%s", kept.objects, put.Key)
	}
}
