package checks

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/trendsic/payments"

// rules says what the packages may depend on outside the standard library, whatever the way. A package takes the rule of
// the longest prefix of its path; a package without a rule may import anything of the module.
var rules = []struct {
	pkg string
	may []string
	why string
}{
	{pkg: module, may: []string{"github.com/shopspring/decimal"},
		why: "an importer of the root gains nothing but decimal"},
	{pkg: module + "/gateway/fake", may: []string{module, "github.com/shopspring/decimal"},
		why: "the fake swaps in without a database"},
	{pkg: module + "/gateway/gatewaytest", may: []string{module, "github.com/shopspring/decimal"},
		why: "a suite stays out of production binaries and uses the standard library only"},
	{pkg: module + "/storage/storetest", may: []string{module, "github.com/shopspring/decimal"},
		why: "a suite stays out of production binaries and uses the standard library only"},
	{pkg: module + "/storage/memory", may: []string{module, module + "/storage/internal/normal", "github.com/shopspring/decimal"},
		why: "the store in memory needs no database"},
	{pkg: module + "/httpadapter", may: []string{module, "github.com/shopspring/decimal", "github.com/rs/cors", "github.com/rs/cors/internal"},
		why: "the routes run on net/http"},
	{pkg: module + "/gateway/stripe", may: []string{module, "github.com/shopspring/decimal", "github.com/stripe/stripe-go/v76"},
		why: "Stripe's SDK is all that its gateway brings"},
	{pkg: module + "/gateway/stripe/stripetest", why: "the emulator can be used with anything"},
}

// TestImportsPointOneWay holds the layout's rules: nothing imports back, and an importer gains only what it uses.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, rule := range rules {
		for _, dep := range deps(t, rule.pkg) {
			if dep == rule.pkg || strings.HasPrefix(dep, rule.pkg+"/internal/") {
				continue
			}
			allowed := false
			for _, m := range rule.may {
				allowed = allowed || dep == m || m == "github.com/stripe/stripe-go/v76" && strings.HasPrefix(dep, m+"/")
			}
			if !allowed {
				t.Errorf("%s depends on %s: %s", rule.pkg, dep, rule.why)
			}
		}
	}
}

// TestStorageHasNoDriver holds that a host on PostgreSQL compiles no SQLite and needs no C compiler.
func TestStorageHasNoDriver(t *testing.T) {
	t.Parallel()
	for _, dep := range deps(t, module+"/storage") {
		for _, driver := range []string{"sqlite", "gorm.io/driver", "pgx", "go-sql-driver", "lib/pq"} {
			if strings.Contains(dep, driver) && !strings.HasPrefix(dep, "github.com/pressly/goose/v3/") {
				t.Errorf("storage depends on the driver %s", dep)
			}
		}
	}
}

// deps returns all that a package depends on outside the standard library.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}
