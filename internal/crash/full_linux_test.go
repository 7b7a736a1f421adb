package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/matrix"
)

// smallDisk mounts a file system of 4 MiB that ends with the test, and returns where it is.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a file system of its own is needed here, and mounting one needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// full is one cell of E3: the disk is full from one write of the flow on.
type full struct {
	flow, ballast string
	at, writes    int
	filled        bool
	met           bool // the write that it is about failed
	wrong         []error
}

// writing are the calls of the store's that write.
var writing = map[string]bool{"apply": true, "lease": true}

// step fills the disk before the write, and looks at how the writes fail.
func (c *full) step(_ context.Context, call string, after bool, err error) error {
	switch {
	case !writing[call]:
	case after && c.filled && c.writes == c.at:
		c.met = c.met || err != nil
		if call == "apply" && !errors.Is(err, payments.ErrUnavailable) {
			c.wrong = append(c.wrong, fmt.Errorf("a write to a full disk answers: %w", errors.Join(err, errors.New("and not that it is unavailable"))))
		}
	case !after:
		if c.writes++; c.writes == c.at {
			c.filled = true
			if err := fill(c.ballast); err != nil {
				c.wrong = append(c.wrong, err)
			}
		}
	}
	return nil
}

// fill writes a file until the disk has no byte left.
func fill(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// run runs the flow, makes space again, and returns what is wrong then.
func (c *full) run(ctx context.Context, dir string) (writes int, err error) {
	clock := clocktest.New(begin)
	gw, err := newFake(clock, "")
	if err != nil {
		return 0, err
	}
	o, err := inFolder(dir, c.flow, gw, clock, c.step)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	flows[c.flow].run(ctx, o.world)
	writes = c.writes
	if c.at > 0 {
		_, _ = o.Reconcile(ctx) // it finds a full disk too
		// Cut first: a child that is being started holds what is open here, and with it the space of what is removed.
		if err := errors.Join(os.Truncate(c.ballast, 0), os.Remove(c.ballast)); err != nil {
			return 0, err
		}
	}
	c.at = 0 // what comes now is not what is looked at
	return writes, errors.Join(errors.Join(c.wrong...), o.whole(ctx, c.flow))
}

// TestFullDisk is row E3: the disk is full from each write of every flow on, until the caller has his answer and Reconcile has failed
// once. Nothing is charged without a row, and when there is space again the file is whole, and every promise is kept.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it needs minutes under the race detector; CI runs it without")
	}
	l, disk, failed := newLab(t), smallDisk(t), 0
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		writes, err := (&full{flow: name}).run(t.Context(), l.folder(t, disk))
		if err != nil || writes == 0 {
			t.Fatalf("%s with space: %d writes, %v", name, writes, err)
		}
		for at := 1; at <= writes; at++ {
			if !matrix.Full() && at%5 != 1 {
				continue
			}
			dir := l.folder(t, disk)
			c := &full{flow: name, at: at, ballast: filepath.Join(disk, "ballast")}
			if _, err := c.run(t.Context(), dir); err != nil {
				t.Errorf("%s with a full disk from write %d on: %v", name, at, err)
			}
			if c.met {
				failed++ // a lease of nothing writes nothing
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	matrix.Count(t, "E3", failed)
}
