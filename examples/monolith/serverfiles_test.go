package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// serverFiles returns the files in which PostgreSQL keeps the tables of a database, written out, where this process may read them: CI
// runs as root on the server's machine. It is empty for a SQLite file, whose folder is looked at anyway, and for MySQL, which
// writes its tables out when it likes: .ci/run looks at its folder in the end.
func serverFiles(t *testing.T, name string) []string {
	t.Helper()
	if !strings.HasPrefix(name, "postgres://") {
		return nil
	}
	db, err := gorm.Open(postgres.Open(name), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // nothing can be done about it
	var dir string
	const where = "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()"
	if err := db.Exec("CHECKPOINT").Error; err != nil || db.Raw(where).Scan(&dir).Error != nil || dir == "" {
		t.Logf("the server does not tell where it keeps the database: %v", err)
		return nil
	}
	if _, err := os.ReadDir(dir); err != nil {
		t.Logf("the server's files cannot be read from here: %v", err)
		return nil
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	return files
}
