// Package heif holds libheif and libde265 as one WebAssembly module, unchanged from github.com/gen2brain/heic v0.4.5
// (libheif 1.18.2, libde265 1.0.15; its lib/Makefile and lib/heif.c say how it is built). That package itself is not
// used: it looks for shared libraries of the system, which makes a static program a dynamic one, and it bounds
// neither memory nor time.
package heif

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

//go:embed heif.wasm.gz
var packed []byte

// Module is the code of the module.
func Module() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack libheif: %w", err)
	}
	code, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack libheif: %w", err)
	}
	return code, nil
}
