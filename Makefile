GOFUMPT     := go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: demo build test race lint fmt fuzz soak bench bench-truth bench-sse bench-reference docs

demo: ; go run ./cmd/ssebench run quickstart
build: ; go build -o bin/ssebench ./cmd/ssebench
test: ; go test ./...
race: ; go test -race ./...
lint: ; test -z "$$($(GOFUMPT) -l . | tee /dev/stderr)" && go vet ./... && $(STATICCHECK) ./...
fmt: ; $(GOFUMPT) -w .
