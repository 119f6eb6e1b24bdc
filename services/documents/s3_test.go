package documents_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/documents"
	"pagaduria/services/files/filestest"
)

// gateway is the S3 server of the test, a module of its own because of all it depends on.
const gateway = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// s3Server starts a real S3 server over a folder and answers its address and the folder.
func s3Server(t *testing.T) (endpoint, folder string) {
	t.Helper()
	bin := filepath.Join(filestest.DataDir(), "bin")
	program := filepath.Join(bin, "versitygw")
	if _, err := os.Stat(program); err != nil {
		install := exec.CommandContext(t.Context(), "go", "install", gateway)
		install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-trimpath", "CGO_ENABLED=0")
		install.Dir = t.TempDir() // outside this module
		if out, err := install.CombinedOutput(); err != nil {
			t.Skipf("the S3 server cannot be built here: %v\n%s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	folder = t.TempDir()
	server := exec.Command(program, "--port", address, "--access", "test-access", "--secret", "test-secret", "posix", folder)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		r, err := http.Get("http://" + address + "/")
		if err == nil {
			_ = r.Body.Close()
			return "http://" + address, folder
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the S3 server does not answer: %v", err)
		case <-tick.C:
		}
	}
}

func TestDocumentsInABucket(t *testing.T) {
	endpoint, folder := s3Server(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "test-access")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if err := os.Mkdir(filepath.Join(folder, "papers"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := deskOn(t, "s3://papers?region=us-east-1&endpoint="+endpoint)
	d.add(d.identity("1", front, back))
	added := d.add(documents.Submission{ID: strings.Repeat("r", 16), Distributor: d.person, Kind: models.DocumentRUT, Parts: []documents.Part{{Upload: d.receive(rut)}}})
	doc, err := d.Get(t.Context(), d.clara, d.person, added.Document)
	if err != nil {
		t.Fatal(err)
	}
	page := doc.Latest().Files[0].Pages[1]
	if b, err := d.Page(t.Context(), d.clara, documents.Look{Distributor: d.person, Document: doc.ID, Page: page.ID, Mark: "Clara"}); err != nil || len(b) == 0 {
		t.Errorf("look: %d bytes, %v", len(b), err)
	}
	if _, err := d.Blobs.Put(t.Context(), "documents", ".age", strings.NewReader("left behind"), 100); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(25 * time.Hour)
	if _, orphans, err := d.Sweep(t.Context()); err != nil || orphans != 1 {
		t.Errorf("sweep: %d, %v", orphans, err)
	}
	keys := d.stored()
	if h, err := d.Check(t.Context()); err != nil || h.Read != 5 || len(keys) != 5 || len(h.Missing)+len(h.Damaged) != 0 {
		t.Errorf("check: %+v, %v", h, err)
	}
	if err := d.Blobs.Delete(t.Context(), keys[0]); err != nil {
		t.Fatal(err)
	}
	if h, err := d.Check(t.Context()); err != nil || len(h.Missing) != 1 {
		t.Errorf("after a loss: %+v, %v", h, err)
	}
	gone, err := blobs.Open(t.Context(), "s3://nowhere?region=us-east-1&endpoint="+endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = gone.Close() }()
	if err := gone.Ready(t.Context()); err == nil {
		t.Error("a bucket that is not there is ready")
	}
}
