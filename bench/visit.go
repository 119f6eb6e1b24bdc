package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"

	"compress/gzip"

	"github.com/andybalholm/brotli"

	"pagaduria/views/urls"
)

// counted is a connection that counts what it brings.
type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// What a page and a style sheet name that a browser fetches: styles, scripts, pictures, fonts and the sheet of icons.
var (
	fetched = regexp.MustCompile(`(?:<link[^>]*rel="(?:stylesheet|icon|preload|manifest)"[^>]*href|<link[^>]*href|<script[^>]*src|<img[^>]*src|<use[^>]*href)="([^"#]+)`)
	inStyle = regexp.MustCompile(`url\(["']?(/[^"')#]+)`)
)

// measureFirstVisit is figure 21: every byte, headers too, that comes over the wire when somebody whose browser has
// nothing of ours opens the list.
func measureFirstVisit(ctx context.Context, b *bench) error {
	return b.with(ctx, func(*process) error {
		who, err := b.signIn(ctx)
		if err != nil {
			return err
		}
		var n atomic.Int64
		var d net.Dialer
		client := &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := d.DialContext(ctx, network, addr)
			return counted{conn, &n}, err
		}}}
		waiting, seen := []string{urls.Payouts()}, map[string]bool{}
		for len(waiting) > 0 {
			path := waiting[0]
			waiting = waiting[1:]
			if seen[path] {
				continue
			}
			seen[path] = true
			before := n.Load()
			text, err := fetch(ctx, client, path, who.cookie())
			if err != nil {
				return err
			}
			say("     %6d bytes %s", n.Load()-before, path)
			for _, found := range append(fetched.FindAllStringSubmatch(text, -1), inStyle.FindAllStringSubmatch(text, -1)...) {
				waiting = append(waiting, found[1])
			}
		}
		b.add(21, float64(n.Load())/1000, 0)
		return nil
	})
}

var plainClient = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// fetch asks as a browser does and answers the text.
func fetch(ctx context.Context, client *http.Client, path, cookie string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(path), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Cookie", cookie)
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s was answered %s", path, resp.Status)
	}
	var body io.Reader = resp.Body
	switch resp.Header.Get("Content-Encoding") {
	case "br":
		body = brotli.NewReader(body)
	case "gzip":
		if body, err = gzip.NewReader(body); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(body)
	return string(text), err
}
