package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"pagaduria/services/files/heif"
)

// Memory of one conversion, in pages of 64 kB.
const (
	pdfMemory  = 256 << 20 >> 16
	heifMemory = 512 << 20 >> 16
)

// engines are the WebAssembly libraries. Each is compiled when the first file needs it: seconds of work, which a
// cache folder saves from the second start on. They see no files, no network, no clock and no environment of ours.
type engines struct {
	cacheDir string

	mu      sync.Mutex
	cache   wazero.CompilationCache
	pdf     pdfium.Pool
	runtime wazero.Runtime // of heif
	heif    wazero.CompiledModule
}

// config is the runtime of one library; the caller holds the lock.
func (e *engines) config(memoryPages uint32) (wazero.RuntimeConfig, error) {
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(memoryPages).WithCloseOnContextDone(true)
	if e.cacheDir == "" {
		return config, nil
	}
	if e.cache == nil {
		cache, err := wazero.NewCompilationCacheWithDir(e.cacheDir)
		if err != nil {
			return nil, fmt.Errorf("keep compiled WebAssembly: %w", err)
		}
		e.cache = cache
	}
	return config.WithCompilationCache(e.cache), nil
}

// pdfPool is PDFium. Each document gets an instance of its own, which is thrown away after it.
func (e *engines) pdfPool(instances int) (pdfium.Pool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pdf != nil {
		return e.pdf, nil
	}
	config, err := e.config(pdfMemory)
	if err != nil {
		return nil, err
	}
	e.pdf, err = webassembly.Init(webassembly.Config{MaxTotal: instances, RuntimeConfig: config, FSConfig: wazero.NewFSConfig(),
		Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		return nil, fmt.Errorf("load PDF library: %w", err)
	}
	return e.pdf, nil
}

// heifModule is a fresh instance of libheif; close it after one picture.
func (e *engines) heifModule(ctx context.Context) (api.Module, error) {
	if err := e.loadHEIF(); err != nil {
		return nil, fmt.Errorf("load HEIC library: %w", err)
	}
	return e.runtime.InstantiateModule(ctx, e.heif, wazero.NewModuleConfig().WithName(""))
}

func (e *engines) loadHEIF() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heif != nil {
		return nil
	}
	config, err := e.config(heifMemory)
	if err != nil {
		return err
	}
	code, err := heif.Module()
	if err != nil {
		return err
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, runtime); err == nil {
		e.heif, err = runtime.CompileModule(ctx, code)
	}
	if err != nil {
		return errors.Join(err, runtime.Close(ctx))
	}
	e.runtime = runtime
	return nil
}

func (e *engines) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var faults []error
	ctx := context.Background()
	if e.pdf != nil {
		faults = append(faults, e.pdf.Close())
	}
	if e.runtime != nil {
		faults = append(faults, e.runtime.Close(ctx))
	}
	if e.cache != nil {
		faults = append(faults, e.cache.Close(ctx))
	}
	return errors.Join(faults...)
}
