package kill

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// cluster is a PostgreSQL of the test's own. It listens on a socket in its directory, so that no port is needed.
type cluster struct {
	dir, bin string
	as       *syscall.SysProcAttr
}

// newCluster makes a cluster with fsync and starts it.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	p := &cluster{bin: postgresPrograms()}
	if p.bin == "" {
		missing(t, "PostgreSQL (initdb and pg_ctl, in PATH or /usr/lib/postgresql)")
	}
	var err error
	if p.dir, err = os.MkdirTemp("", "pg"); err != nil { // a short name: a socket's path has 107 bytes at most
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	if os.Getuid() == 0 { // root must not run it
		p.disown(t)
	}
	p.run(t, "initdb", "-D", p.data(), "-U", "postgres", "-A", "trust", "--no-sync")
	p.start(t)
	t.Cleanup(func() { _ = p.command("pg_ctl", "-D", p.data(), "-m", "immediate", "stop").Run() })
	return p
}

// postgresPrograms is the directory with PostgreSQL's programs, the newest version's.
func postgresPrograms() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if len(all) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(all))
}

// disown gives the directory to the user postgres, who runs the programs.
func (p *cluster) disown(t *testing.T) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		missing(t, "the user postgres, for root cannot run it")
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	if uidErr != nil || gidErr != nil {
		t.Fatal(uidErr, gidErr)
	}
	if err := os.Chown(p.dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func (p *cluster) data() string { return filepath.Join(p.dir, "data") }

// command is one of PostgreSQL's programs. Its output goes to a file: a server that pg_ctl starts would keep a pipe open.
func (p *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

func (p *cluster) run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(p.dir, name+".out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // it is read anew
	cmd := p.command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		t.Fatalf("%s %v: %v: %s\n%s", name, args, err, text, log)
	}
}

func (p *cluster) start(t *testing.T) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.data(), "-l", filepath.Join(p.dir, "log"), "-w", "-t", "120", "-o", "-c listen_addresses='' -k "+p.dir, "start")
}

// stop stops it as a loss of power would: nothing is written any more, and it recovers from its log.
func (p *cluster) stop(t *testing.T) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.data(), "-w", "-t", "120", "-m", "immediate", "stop")
}

// open opens a pool on a directory with a socket, the cluster's own or a proxy's before it.
func open(t *testing.T, dir string) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open("host="+dir+" user=postgres dbname=postgres sslmode=disable"), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// waitReady waits until the database answers again; it recovers by itself from a backend that was killed.
func waitReady(t *testing.T, db *gorm.DB) {
	t.Helper()
	var err error
	for begun := time.Now(); time.Since(begun) < patience; breathe(t.Context()) {
		if err = db.Exec("SELECT 1").Error; err == nil {
			return
		}
	}
	t.Fatalf("the database does not come back: %v", err)
}
