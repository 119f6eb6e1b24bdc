.DEFAULT_GOAL := help
SHELL := /bin/sh
ADDR ?= 127.0.0.1:8080
SIZE ?= small
BIN := bin/pagaduria

.PHONY: help run build generate test check shots bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name says; do printf '  make %-10s %s\n' "$$name" "$$says"; done

run: build ## the product with its own Postgres, demo data, rail simulators and workers on http://127.0.0.1:8080
	$(BIN) serve --demo --addr $(ADDR)

build: ## bin/pagaduria, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o $(BIN) ./web

generate: ## what is generated and committed: pages from .templ, hashed and compressed assets
	go tool templ generate -log-level error
	go generate ./static

check: ## format, vet, static analysis, generated files up to date
	@out="$$(gofmt -l $$(git ls-files '*.go'))"; test -z "$$out" || { echo "Run gofmt -w on:"; echo "$$out"; exit 1; }
	go tool templ fmt -fail .
	$(MAKE) generate
	@git diff --exit-code --stat -- '*_templ.go' static/dist || { echo "Generated files were stale: run make generate and commit them."; exit 1; }
	go vet ./...
	go tool staticcheck ./...

test: check ## every check and every test, on a real Postgres and in a real browser
	sh scripts/setup.sh chromium
	go test -timeout 45m ./...

shots: build ## pictures of every page (1440 and 390 px, light and dark, three languages) into shots/
	sh scripts/setup.sh chromium fonts
	PAGADURIA_SHOTS=$(CURDIR)/shots go test -count=1 -timeout 30m -run '^TestShots$$' ./e2e

bench: build ## the benchmarks, SIZE=small or full: a table of ratios, also in bench.json
	SIZE=$(SIZE) go run ./bench
