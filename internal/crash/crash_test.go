package crash

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

var (
	pairs  = flag.Int("crash.pairs", 10, "how many random pairs of crashes are tried")
	stride = flag.Int("crash.stride", 10, "every how many boundaries a flow is killed; 1 is at each")
	seed   = flag.Uint64("crash.seed", 1, "the seed of the random pairs")
)

// childEnv carries a Job to the child.
const childEnv = "PAYMENTS_CRASH_JOB"

func TestMain(m *testing.M) {
	if dir := os.Getenv(refusedEnv); dir != "" {
		if err := refusedChild(dir, os.Stdout); err != nil {
			os.Exit(3)
		}
		return
	}
	text := os.Getenv(childEnv)
	if text == "" {
		goleak.VerifyTestMain(m)
	}
	var j Job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	w, err := child(j)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	fmt.Println("boundaries", w.count.at)
}

// child does a job in this process.
func child(j Job) (*world, error) {
	clock := clocktest.New(begin.Add(j.Later))
	db, err := sqlite.Open(filepath.Join(j.Dir, "payments.db"), nil)
	if err != nil {
		return nil, err
	}
	store, err := storage.New(db, &storage.Options{Clock: clock.Now})
	if err != nil {
		return nil, err
	}
	w, err := open(j, clock, store)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if j.Recover {
		err = w.recover(ctx, flows[j.Flow])
		if err == nil && j.KillAt == 0 {
			found, checkErr := w.check(ctx)
			for _, v := range found {
				err = fmt.Errorf("%v: %w", v, errBroken)
			}
			if checkErr != nil {
				err = checkErr
			}
		}
	} else {
		flows[j.Flow].run(ctx, w)
	}
	pool, dbErr := db.DB()
	if dbErr == nil {
		dbErr = pool.Close()
	}
	if err == nil {
		err = dbErr
	}
	return w, err
}

var errBroken = fmt.Errorf("a promise is broken")

// spawn does a job in a process of its own, and returns how many boundaries it had, and whether it was killed.
func spawn(ctx context.Context, j Job) (boundaries int, killed bool, err error) {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+j.text(), "GOMAXPROCS=1", "GORACE=atexit_sleep_ms=0") // the race detector sleeps before a process ends
	out, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return 0, true, ctx.Err()
	}
	if err != nil {
		return 0, false, fmt.Errorf("%w: %s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "boundaries ")
	boundaries, err = strconv.Atoi(strings.Fields(rest + " x")[0])
	return boundaries, false, err
}

// lab makes the directories of the cells.
type lab struct {
	root, template string
	next           atomic.Int64
	kills          atomic.Int64
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{root: t.TempDir()}
	if dir, err := os.MkdirTemp("/dev/shm", "crash"); err == nil { // kill -9 loses nothing that the kernel has
		l.root = dir
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	l.template = filepath.Join(l.root, "template.db")
	db, err := sqlite.Open(l.template, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Migrate(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

// cell runs a flow that dies at k, a recovery that dies at k2 unless that is 0, and a recovery that ends and checks. It
// returns how many boundaries the flow, or the last recovery, had.
func (l *lab) cell(ctx context.Context, name string, k, k2 int) (int, error) {
	dir := filepath.Join(l.root, strconv.FormatInt(l.next.Add(1), 10))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	empty, err := os.ReadFile(l.template)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "payments.db"), empty, 0o600)
	}
	if err != nil {
		return 0, err
	}
	n, killed, err := spawn(ctx, Job{Flow: name, Dir: dir, KillAt: k})
	if err != nil || k == 0 {
		return n, err
	}
	if killed {
		l.kills.Add(1)
	}
	later := time.Minute
	if flows[name].recurring && flows[name].trialDays == 0 {
		later = 40 * 24 * time.Hour // its clock went on by a month
	}
	if k2 > 0 {
		if _, killed, err = spawn(ctx, Job{Flow: name, Dir: dir, KillAt: k2, Recover: true, Later: later}); err != nil {
			return 0, err
		}
		if killed {
			l.kills.Add(1)
		}
		later += 10 * time.Minute
	}
	n, _, err = spawn(ctx, Job{Flow: name, Dir: dir, Recover: true, Later: later})
	return n, err
}

// TestKilledAnywhere kills every flow at every boundary, and random pairs of flow and recovery.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	begun := time.Now()
	type cell struct {
		flow  string
		k, k2 int
	}
	var cells []cell
	names := slices.Sorted(maps.Keys(flows))
	bounds := map[string]int{}
	for _, name := range names {
		n, err := l.cell(t.Context(), name, 0, 0)
		if err != nil || n == 0 {
			t.Fatalf("%s without a crash: %d boundaries, %v", name, n, err)
		}
		bounds[name] = n
		for k := 1; k <= n; k += *stride {
			cells = append(cells, cell{name, k, 0})
		}
	}
	single := len(cells)
	rng := rand.New(rand.NewPCG(*seed, 2))
	for range *pairs {
		name := names[rng.IntN(len(names))]
		cells = append(cells, cell{name, 1 + rng.IntN(bounds[name]), 1 + rng.IntN(bounds[name]+20)})
	}
	work := make(chan cell)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for c := range work {
				if _, err := l.cell(t.Context(), c.flow, c.k, c.k2); err != nil {
					t.Errorf("%s killed at %d and %d: %v", c.flow, c.k, c.k2, err)
				}
			}
		})
	}
	for _, c := range cells {
		work <- c
	}
	close(work)
	wg.Wait()
	t.Logf("%d flows, %d cells, %d pairs (seed %d), %d kills in %v", len(names), single, *pairs, *seed, l.kills.Load(), time.Since(begun).Round(time.Second))
	if int(l.kills.Load()) < single {
		t.Errorf("only %d kills for %d cells", l.kills.Load(), single)
	}
	matrix.Count(t, "A1", single)
	matrix.Count(t, "A2", *pairs)
}
