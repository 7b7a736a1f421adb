package sqlite_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A host that sets PrepareStmt has GORM's cache, whose goroutine never ends; the store itself does not use that cache.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}
