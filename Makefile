GOFUMPT     := go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    := 30s

.PHONY: demo build test race lint fmt fuzz soak drill claims transports notices bench bench-truth bench-sse bench-reference bench-engine

demo: ; go run ./cmd/ssebench run quickstart
build: ; go build -o bin/ssebench ./cmd/ssebench
test: ; .ci/test
race: ; go test -race -timeout 20m ./...
lint: ; out="$$($(GOFUMPT) -l .)" && echo "$$out" && test -z "$$out" && go vet ./... && GOOS=darwin go vet ./... && $(STATICCHECK) ./...
fmt: ; $(GOFUMPT) -w .
fuzz: ; go list ./... | while read p; do go test -list '^Fuzz' $$p | grep ^Fuzz | while read f; do echo $$p $$f; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; done || exit 1; done
drill: ; SSEBENCH_DRILL=$(CURDIR)/results/published/outages/tables.md go test -v -count 1 -timeout 60m -run 'LedgerClasses|Outage|Deploy' ./cmd/ssebench
claims: ; SSEBENCH_CLAIMS=$(CURDIR)/results/published/claims/tables.md go test -v -count 1 -timeout 20m -run 'Claims$$' ./cmd/ssebench
transports: ; SSEBENCH_TRANSPORTS=$(CURDIR)/results/published/transports/tables.md go test -v -count 1 -timeout 60m -run TransportsCompared ./cmd/ssebench
notices: ; SSEBENCH_NOTICES=write go test -count 1 -run NoticesAreUpToDate ./cmd/ssebench
soak: ; go run ./cmd/ssebench run quickstart --name soak-15k -c 15k --set load.phases.1.hold=60s --set publish.rate=1/s
bench: ; go test -run '^$$' -bench . -benchmem ./loadgen/... ./results ./reference
bench-truth: ; go test -run '^$$' -bench Truth -benchtime 1x -timeout 20m ./cmd/ssebench
bench-sse: ; cd loadgen/sse/bench && go test -mod=mod -run "^$$" -bench .
bench-reference: ; cd reference/bench && go test -mod=mod -run "^$$" -bench . -timeout 60m
bench-engine: ; cd loadgen/transport/bench && go test -mod=mod -parallel 6 . && go run -mod=mod . -out ../../../results/published/engine $(BENCH)
