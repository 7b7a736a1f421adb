package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
)

// TestMayNotWrite is the first half of row E4: a file, or its folder, that the process may not read or write, and a file system that nobody
// may. The first payment is refused, and nothing is charged. Root may everything, so that a process of nobody's tries it.
func TestMayNotWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, tt := range []struct {
		name         string
		file, folder os.FileMode
	}{
		{"the file is read-only", 0o444, 0o777},
		{"the file cannot be read", 0o000, 0o777},
		{"the folder is read-only", 0o666, 0o555},
		{"the folder cannot be entered", 0o666, 0o000},
		{"file and folder are read-only", 0o444, 0o555},
	} {
		dir := l.folder(t, l.root)
		err := errors.Join(os.Chmod(l.root, 0o755), os.Chmod(filepath.Join(dir, "payments.db"), tt.file), os.Chmod(dir, tt.folder)) //nolint:gosec // others must get there
		if err != nil {
			t.Fatal(err)
		}
		out, err := asNobody(t, dir)
		if err != nil || !strings.Contains(out, "charges 0") || !strings.Contains(out, "unavailable") && !strings.Contains(out, "sqlite: open") {
			t.Errorf("%s: %s, %v", tt.name, out, err)
		}
		matrix.Count(t, "E4", 1)
	}
	dir := l.folder(t, l.root)
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Join(dir, "payments.db"), 0o666)); err != nil { //nolint:gosec // others must get there
		t.Fatal(err)
	}
	if out, err := asNobody(t, dir); err != nil || !strings.Contains(out, "answer <nil>; charges 1") {
		t.Errorf("a file that may be written: %s, %v", out, err)
	}
}

// asNobody pays over a folder in a process that owns nothing.
func asNobody(t *testing.T, dir string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), refusedEnv+"="+dir, "GORACE=atexit_sleep_ms=0")
	cmd.Dir = "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestReadOnlyDisk has the file on a file system that became read-only.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	l, disk := newLab(t), smallDisk(t)
	dir := l.folder(t, disk)
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	answer, charges, err := payOver(t.Context(), dir)
	if answer == nil || charges != 0 || err != nil {
		t.Errorf("answered %v, %d charges, %v", answer, charges, err)
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	matrix.Count(t, "E4", 1)
}

// pageSize is SQLite's own.
const pageSize = 4096

// TestCorruptPages is the second half of row E4: each page of the file in turn is overwritten, by noise and by nothing, after an order was
// paid and a part of it refunded. SQLite has no checksums, so that what is promised is this: a page that is no page is told, and whatever
// the answers are, the order is charged once, and no other is without a row.
func TestCorruptPages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it needs minutes under the race detector; CI runs it without")
	}
	l, refused, cases := newLab(t), 0, 0
	rng := rand.New(rand.NewPCG(*seed, 4))
	noise := make([]byte, pageSize)
	for i := range noise {
		noise[i] = byte(rng.IntN(256))
	}
	for page, pages := 0, 1; page < pages; page++ {
		for name, with := range map[string][]byte{"noise": noise, "nothing": make([]byte, pageSize)} {
			c := &damaged{dir: l.folder(t, l.root), page: page, with: with}
			if err := c.run(t.Context()); err != nil {
				t.Errorf("page %d is %s: %v", page, name, err)
			}
			if pages = c.pages; c.refused {
				refused++
			}
			cases++
		}
	}
	t.Logf("%d damaged pages, %d of them told", cases, refused)
	matrix.Count(t, "E4", refused)
}

// damaged is a file with a page that is none.
type damaged struct {
	dir     string
	page    int
	with    []byte
	pages   int
	refused bool // a call was refused because of it
}

// run pays and refunds, damages the file, does it again and pays another order.
func (c *damaged) run(ctx context.Context) error {
	clock := clocktest.New(begin)
	gw, err := newFake(clock, "")
	if err != nil {
		return err
	}
	o, err := inFolder(c.dir, "refund", gw, clock, quiet)
	if err != nil {
		return err
	}
	flows["refund"].run(ctx, o.world)
	if err := errors.Join(o.close(), c.damage()); err != nil {
		return err
	}
	clock.Advance(time.Hour)
	if o, err = inFolder(c.dir, "refund", gw, clock, quiet); err != nil {
		c.refused = true
		return nil //nolint:nilerr // it is refused at the start
	}
	defer func() { _ = o.close() }()
	other := payments.OrderID{9}
	_, again := o.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	_, fresh := o.Pay(ctx, payments.PayRequest{OrderID: other, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	_, back := o.Refund(ctx, payments.RefundCommand{Target: target, Key: "r", Amount: payments.Money{Amount: 300, Currency: "USD"}})
	_, look := o.Reconcile(ctx)
	all := errors.Join(again, fresh, back, look)
	c.refused = errors.Is(all, payments.ErrUnavailable) || errors.Is(all, payments.ErrUnknown) || errors.Is(all, payments.ErrInternal)
	books, broken := gw.Ledger(), o.guard.Violations()
	if b := books[orderID.String()]; b.Charges != 1 || b.Captured != 1250 || b.Refunded != 300 {
		return fmt.Errorf("the order has %+v", b)
	}
	if b := books[other.String()]; b.Charges > 1 || fresh != nil && errors.Is(fresh, payments.ErrUnavailable) && b.Charges > 0 {
		return fmt.Errorf("the other order was answered with %w and has %+v", fresh, b)
	}
	for _, v := range broken {
		// A row that cannot be read is what was damaged: only what went out without one that was stored is broken.
		if v.Rule != "I9" || c.refused {
			continue
		}
		return errors.New(v.String())
	}
	return nil
}

// damage overwrites the page.
func (c *damaged) damage() error {
	name := filepath.Join(c.dir, "payments.db")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	c.pages = len(data) / pageSize
	copy(data[c.page*pageSize:], c.with)
	return os.WriteFile(name, data, 0o600)
}

// TestHalfAWAL is the last of row E4: the power goes while a change is written, so that a half of it is in the WAL. The file is taken as it
// was before the change, and the caller's repeated request and Reconcile end the payment as ever.
func TestHalfAWAL(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it needs minutes under the race detector; CI runs it without")
	}
	l, cases := newLab(t), 0
	for _, name := range []string{"pay", "capture", "refund", "void"} {
		for at, more := 1, true; more; at++ {
			c := &torn{flow: name, at: at, dir: l.folder(t, l.root), copied: l.folder(t, l.root)}
			err := c.run(t.Context())
			if more = c.applies >= at; !more {
				break
			}
			if err != nil {
				t.Errorf("%s with half of change %d: %v", name, at, err)
			}
			cases++
		}
	}
	matrix.Count(t, "E4", cases)
}

// torn is a flow whose process ends while the store's change is half written.
type torn struct {
	flow        string
	at, applies int
	dir, copied string
	before      int64
	err         error
}

// step keeps what is on the disk when the change was written, with a half of it only.
func (c *torn) step(_ context.Context, call string, after bool, _ error) error {
	wal := filepath.Join(c.dir, "payments.db-wal")
	switch {
	case call != "apply":
	case !after:
		if c.applies++; c.applies == c.at {
			if info, err := os.Stat(wal); err == nil {
				c.before = info.Size()
			}
		}
	case c.applies == c.at:
		c.err = errors.Join(c.err, c.keep(wal))
	}
	return nil
}

// keep copies the files.
func (c *torn) keep(wal string) error {
	data, err := os.ReadFile(wal)
	if err != nil {
		return err
	}
	if int64(len(data)) <= c.before {
		return errors.New("the change is not in the WAL: nothing is torn")
	}
	half := data[:c.before+(int64(len(data))-c.before)/2]
	for name, text := range map[string]func() ([]byte, error){
		"payments.db-wal": func() ([]byte, error) { return bytes.Clone(half), nil },
		"payments.db":     func() ([]byte, error) { return os.ReadFile(filepath.Join(c.dir, "payments.db")) },
		"gateway.json":    func() ([]byte, error) { return os.ReadFile(filepath.Join(c.dir, "gateway.json")) },
	} {
		data, err := text()
		if errors.Is(err, os.ErrNotExist) {
			continue // the gateway was not asked for anything yet
		}
		if err = errors.Join(err, os.WriteFile(filepath.Join(c.copied, name), data, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// run runs the flow, and then what comes after the power is back, over the copy.
func (c *torn) run(ctx context.Context) (err error) {
	for _, dir := range []string{c.dir, c.copied} {
		clock, step := clocktest.New(begin), invariant.Step(c.step)
		if dir == c.copied {
			clock.Advance(time.Minute)
			step = quiet
		}
		gw, err := newFake(clock, filepath.Join(dir, "gateway.json"))
		if err != nil {
			return err
		}
		o, err := inFolder(dir, c.flow, gw, clock, step)
		if err != nil {
			return err
		}
		if dir == c.dir {
			flows[c.flow].run(ctx, o.world)
		} else {
			err = o.whole(ctx, c.flow)
		}
		if err = errors.Join(err, o.close()); err != nil || c.applies < c.at {
			return err
		}
	}
	return c.err
}
