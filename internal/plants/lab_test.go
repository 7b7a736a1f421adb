package plants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// lab compiles finders with the plants in them, and runs them.
type lab struct {
	root, dir string
	plants    []Plant        // a plant's number is its place, from 1
	alone     map[int]bool   // the numbers of those that cannot be woven
	replace   map[string]any // the overlay with all that are woven
	once      sync.Map       // what is done once: a command to a func() (string, error)
}

// newLab weaves the plants.
func newLab(t *testing.T, plants []Plant) *lab {
	t.Helper()
	l := &lab{dir: t.TempDir(), plants: plants, alone: map[int]bool{}, replace: map[string]any{}}
	var err error
	if l.root, err = filepath.Abs(root); err != nil {
		t.Fatal(err)
	}
	files := map[string]map[int]string{}
	for i, p := range plants {
		text, err := p.planted(root)
		if err != nil {
			t.Fatal(err)
		}
		original, err := os.ReadFile(filepath.Join(root, p.File))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := weave(string(original), map[int]string{i + 1: text}); err != nil {
			l.alone[i+1] = true // not Go, or not one function
			continue
		}
		if files[p.File] == nil {
			files[p.File] = map[int]string{}
		}
		files[p.File][i+1] = text
	}
	for file, changed := range files {
		if err := l.weave(file, changed); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return l
}

// weave puts a woven file, and the one by which its package knows which plant is awake, into the overlay.
func (l *lab) weave(file string, changed map[int]string) error {
	original, err := os.ReadFile(filepath.Join(l.root, file))
	if err != nil {
		return err
	}
	woven, err := weave(string(original), changed)
	if err != nil {
		return err
	}
	s, err := parse(string(original))
	if err != nil {
		return err
	}
	l.replace[filepath.Join(l.root, file)] = woven
	l.replace[filepath.Join(l.root, path.Dir(file), "plant_awake.go")] = fmt.Appendf(nil, awake, s.file.Name.Name)
	return nil
}

// compile builds a finder's binary with the overlay, and returns its path.
func (l *lab) compile(ctx context.Context, f Finder, replace map[string]any) (string, error) {
	dir, err := os.MkdirTemp(l.dir, "")
	if err != nil {
		return "", err
	}
	paths := map[string]string{}
	for file, text := range replace {
		changed := filepath.Join(dir, strconv.Itoa(len(paths))+filepath.Ext(file))
		if err := os.WriteFile(changed, text.([]byte), 0o600); err != nil {
			return "", err
		}
		paths[file] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": paths})
	if err != nil {
		return "", err
	}
	binary, list := filepath.Join(dir, "finder"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	args := []string{"build"}
	if f.Run != "" {
		args = []string{"test", "-c"}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-ldflags=-s -w", "-overlay", list, "-o", binary, f.Package)...)
	cmd.Dir = l.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not compile: %w\n%s", f.Package, err, out)
	}
	return binary, nil
}

// finder returns the binary of a finder with a plant in it: the one that has all that are woven, or one of its own.
func (l *lab) finder(ctx context.Context, n int) (string, error) {
	p := l.plants[n-1]
	if !l.alone[n] {
		return l.woven(ctx, p.Finder)
	}
	text, err := p.planted(l.root)
	if err != nil {
		return "", err
	}
	return l.compile(ctx, p.Finder, map[string]any{filepath.Join(l.root, p.File): []byte(text)})
}

// woven returns the binary with all woven plants in it, compiled once a package.
func (l *lab) woven(ctx context.Context, f Finder) (string, error) {
	once, _ := l.once.LoadOrStore("compile "+f.Package, sync.OnceValues(func() (string, error) { return l.compile(ctx, f, l.replace) }))
	return once.(func() (string, error))()
}

// control runs a finder with all plants asleep, once: it must pass.
func (l *lab) control(ctx context.Context, f Finder) error {
	once, _ := l.once.LoadOrStore("control "+f.String(), sync.OnceValues(func() (string, error) {
		binary, err := l.woven(ctx, f)
		if err != nil {
			return "", err
		}
		o, err := l.run(ctx, f, binary, 0, controlTime)
		switch {
		case err != nil:
			return "", err
		case o.failed || o.late:
			return "", fmt.Errorf("%s fails without a plant, after %v:\n%s", f, o.took, tail(o.out))
		case strings.Contains(o.out, "no tests to run"):
			return "", fmt.Errorf("%s runs no test", f)
		}
		return "", nil
	}))
	_, err := once.(func() (string, error))()
	return err
}

// outcome is what a run came to.
type outcome struct {
	failed bool // by itself, not because its time was over
	late   bool
	out    string
	took   time.Duration
}

// run runs a finder's binary with one plant awake, or none, in its package's directory as go test does, and ends it when its
// time is over.
func (l *lab) run(ctx context.Context, f Finder, binary string, plant int, most time.Duration) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	args := f.Args
	if f.Run != "" {
		args = append([]string{"-test.run", f.Run, "-test.failfast", "-test.paniconexit0", "-test.timeout", (2 * most).String()}, args...)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = filepath.Join(l.root, f.Package)
	cmd.WaitDelay = time.Second
	for _, v := range os.Environ() { // the embedded database is what is planted in, whatever servers are there
		if !strings.HasPrefix(v, "PAYMENTS_TEST_") && !strings.HasPrefix(v, "STRIPE_MOCK=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env+"="+strconv.Itoa(plant))
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	o := outcome{out: string(out), took: time.Since(begun), late: ctx.Err() != nil}
	var exit *exec.ExitError
	switch {
	case o.late:
	case errors.As(err, &exit):
		o.failed = true
	case err != nil:
		return o, err
	}
	return o, nil
}

// tail returns the end of an output.
func tail(out string) string { return out[max(0, len(out)-4000):] }
