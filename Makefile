# Kapok 红棉 — the commands a developer needs. `make help` lists them.
SHELL := /bin/bash
GO    ?= go
BIN   := bin
VERIFY := $(BIN)/kapok-verify

.DEFAULT_GOAL := help
.PHONY: help run run-vault test build pages journeys speed lint fuzz bench bench-ledger bench-licence bench-issue bench-policies bench-replay chaos soak vault vault-build generate setup clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing (PostgreSQL by apt or brew)
	@deploy/setup.sh

run: setup build ## start Kapok with the sandbox, drive one exchange, stay up
	@exec $(BIN)/kapok dev --sandbox $(BIN)/kapok-sandbox --verify $(VERIFY) --demo

run-vault: setup build vault-build ## the same with a real Vault
	@deploy/vault/run.sh

build: pages ## build the pages and the binaries into bin/
	@echo "building the binaries (the first time takes some minutes) …"
	@mkdir -p $(BIN)
	@$(GO) build -trimpath -o $(BIN)/ ./cmd/kapok ./cmd/kapok-sandbox
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/ ./cmd/kapok-verify

pages: gateway/web/dist/swagger/index.html ## build what browsers load

WEB := gateway/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/swagger -type f -not -name '*.gen.d.ts' 2>/dev/null) $(wildcard $(WEB)/*.html $(WEB)/*.ts $(WEB)/*.mjs)

$(WEB)/dist/swagger/index.html: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES) gateway/httpapi/openapi.yaml
	@echo "building the pages …"
	@cd $(WEB) && npm run --silent build

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	@echo "fetching what the pages are built with …"
	@cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: pages ## everything that must pass
	@deploy/setup.sh test
	@deploy/test.sh

journeys: pages ## the journeys through the pages in Chromium; pictures into docs/pages
	@deploy/setup.sh test
	@KAPOK_JOURNEYS=1 KAPOK_PICTURES=$(CURDIR)/docs/pages $(GO) test -run '^TestJourneys$$' -count=1 -v ./cmd/kapok

speed: pages ## how soon the phone's first view is painted on a processor four times slower
	@deploy/setup.sh test
	@KAPOK_JOURNEYS=1 KAPOK_SPEED=1 KAPOK_ONLY=speed $(GO) test -run '^TestJourneys$$' -count=1 -v ./cmd/kapok

lint: ## formatting, vet and golangci-lint (built from source once)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	@$(GO) vet ./...
	@$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

fuzz: ## each fuzz function for FUZZTIME (default 1m)
	@FUZZTIME=$${FUZZTIME:-1m} deploy/fuzz.sh

bench: setup build ## the whole path against a bare proxy, over real sockets
	@$(BIN)/kapok bench

bench-ledger: setup ## the ledger's figures, durable (KAPOK_GROWN=10027008: growth to ten million entries)
	@GOGC=400 $(GO) test -run '^$$' -bench 'Ledger(Append|Latency)' -benchtime 3s ./gateway/postgres
	@GOGC=400 $(GO) test -run '^$$' -bench 'Ledger(Ratio|Growth)' -benchtime 1x -timeout 120m ./gateway/postgres
	@$(GO) test -run '^$$' -bench VerifyLog ./gateway/ledger

tamper: ## KAPOK_TAMPERS random tampers as the database's superuser (default 1,000), every one to be found
	@KAPOK_TAMPERS=$${KAPOK_TAMPERS:-1000} $(GO) test -run '^TestTamper' -count=1 -timeout 60m -v ./gateway/postgres

bench-licence: ## verifying sealed OFD documents: time on one core, memory of 100 MiB
	@$(GO) test -run '^$$' -bench Verify -benchtime 2s ./gateway/licence/verify
	@KAPOK_LARGE=1 $(GO) test -run '^TestLargeDocument' -count=1 -v ./gateway/licence/verify | grep -v '^=== '

bench-issue: setup ## bulk issue of licences, sealed by a key in a real Vault (KAPOK_BENCH_ISSUE of them, default 5000)
	@KAPOK_BENCH_ISSUE=$${KAPOK_BENCH_ISSUE:-5000} $(GO) test -run '^TestBenchIssue$$' -count=1 -timeout 30m -v ./cmd/kapok | grep -v '^=== '

bench-returns: setup ## landing of a returned CSV against psql \copy (KAPOK_RETURNS_ROWS, default 500000; the aim speaks of 5000000)
	@KAPOK_RETURNS_ROWS=$${KAPOK_RETURNS_ROWS:-500000} $(GO) test -run '^TestBenchReturns$$' -count=1 -timeout 120m -v ./gateway/returns

bench-sources: ## a slow source beside a quick one at 500 concurrent calls; what a connector adds to a bare HTTP call
	@KAPOK_BENCH_SOURCES=1 $(GO) test -run '^TestBenchSources$$' -count=1 -timeout 10m -v ./connectors/guard | grep -v '^=== '

bench-policies: ## one decision beside plain cedar-go and OPA; a module of its own, so that OPA is no part of Kapok
	@cd policies/bench && $(GO) test -run '^$$' -bench Decide .

bench-replay: setup ## replay of KAPOK_REPLAY decisions (default 1000000), of which KAPOK_REPLAY_MADE (default 20000) are made by the path, the rest copies
	@KAPOK_REPLAY=$${KAPOK_REPLAY:-1000000} KAPOK_REPLAY_MADE=$${KAPOK_REPLAY_MADE:-20000} $(GO) test -run '^TestBenchReplay$$' -count=1 -timeout 60m -v ./cmd/kapok | grep -v '^=== '

chaos: setup ## SIGKILL the gateway, and PostgreSQL, under load (KAPOK_CHAOS cycles each, default 100)
	@KAPOK_CHAOS=$${KAPOK_CHAOS:-100} $(GO) test -run '^TestChaos' -count=1 -timeout 120m -v ./cmd/kapok

soak: ## KAPOK_SOAK random signatures through both SM libraries (default 1,000,000)
	@KAPOK_SOAK=$${KAPOK_SOAK:-1000000} $(GO) test -run '^TestSoak' -count=1 -timeout 120m -v ./crypto/sm

vault-build: ## build a real Vault for trials (about six minutes, once)
	@deploy/vault/build.sh

vault: vault-build ## start a real Vault with Kapok's engine
	@deploy/vault/start.sh

generate: ## regenerate the code made from openapi.yaml
	@$(GO) generate ./...

clean: ## remove what was built; the data of `make run` under var/ stays
	@rm -rf $(BIN) gateway/web/dist/swagger gateway/web/dist/pages gateway/web/node_modules
