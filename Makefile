# make check is what CI runs on the source; make test is the README's command.
GOLANGCI := v2.15.0
MODULES := $(shell go list -m -f "{{.Dir}}")

.PHONY: test race check lint generate tools prove
test:
	go test ./...

# prove runs all that CI runs, and what would make CI longer than its 25 minutes, and prints the test matrix with its figures.
prove:
	PROVE=1 .ci/run

race:
	go test -race -shuffle=on ./...

check: lint
	for m in $(MODULES); do (cd $$m && ! gofmt -l . | grep . && go vet ./... && GOWORK=off go mod tidy -diff && go test -race -shuffle=on ./...) || exit 1; done

lint: tools
	golangci-lint run ./...

tools:
	golangci-lint version 2>/dev/null | grep -q "$(GOLANGCI:v%=%)" || go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

generate:
	go generate ./...
	go run ./internal/statedoc > docs/state-machine.md
