package main

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// measureMemory is figure 18: the most memory the product ever held while a person uploads a file of orders, looks at
// the preview and takes it, against what it held before.
func measureMemory(ctx context.Context, b *bench) error {
	file := filepath.Join(b.folder, "upload.csv")
	if err := writeOrders(file, seriesUpload, b.scale.Imported); err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	return b.with(ctx, func(p *process) error {
		who, err := b.signIn(ctx)
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		idle := residentMB(p.pid())
		if err := resetPeak(p.pid()); err != nil {
			return err
		}
		if err := b.upload(ctx, who, file); err != nil {
			return err
		}
		b.add(18, peakMB(p.pid()), idle)
		return nil
	})
}

// upload goes the whole way of a file: sent, checked, taken.
func (b *bench) upload(ctx context.Context, who *person, file string) error {
	at, err := who.sendFile(ctx, urls.Imports("orders"), file)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(path.Base(at), 10, 64)
	if err != nil {
		return fmt.Errorf("the upload led to %s", at)
	}
	if err := b.imported(ctx, id, models.ImportPreview); err != nil {
		return err
	}
	if _, err := who.send(ctx, at, urls.ImportApply("orders", id), url.Values{}); err != nil {
		return err
	}
	return b.imported(ctx, id, models.ImportApplied)
}

// imported waits until an upload stands where it should.
func (b *bench) imported(ctx context.Context, id int64, want models.ImportState) error {
	for range 6000 {
		var state models.ImportState
		var failure string
		if err := b.db.Pool.QueryRow(ctx, `SELECT state, failure FROM imports WHERE id = $1`, id).Scan(&state, &failure); err != nil {
			return err
		}
		if state == want {
			return nil
		}
		if !state.Busy() && state != models.ImportPreview {
			return fmt.Errorf("upload %d is %s: %s", id, state, failure)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("upload %d did not become %s in ten minutes", id, want)
}

// sendFile uploads a file by the form of a page.
func (p *person) sendFile(ctx context.Context, page, name string) (string, error) {
	token, err := p.token(ctx, page)
	if err != nil {
		return "", err
	}
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	in, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() { out.CloseWithError(fillForm(form, token, file)) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address(page), in)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set(ui.CSRFHeader, token)
	_, at, err := p.do(req)
	return at, err
}

func fillForm(form *multipart.Writer, token string, file *os.File) error {
	if err := form.WriteField(ui.CSRFField, token); err != nil {
		return err
	}
	part, err := form.CreateFormFile("file", filepath.Base(file.Name()))
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, file); err != nil {
		return err
	}
	return form.Close()
}
