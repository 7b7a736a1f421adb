// Command scan looks for planted card data, client secrets and keys in files and folders, and fails when it finds any; and when it
// does not find the mark that is planted beside them, for then nothing was planted.
//
//	go run ./internal/canary/scan [-text] [-unmarked] PATH...
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/trendsic/payments/internal/canary"
)

func main() {
	text := flag.Bool("text", false, "the files are texts: look for the verification code too")
	unmarked := flag.Bool("unmarked", false, "what is scanned may have lost the mark, as a server's log of changes does when it is used anew")
	flag.Parse()
	find := canary.Find
	if *text {
		find = canary.FindInText
	}
	if err := scan(flag.Args(), find, *unmarked, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
}

// scan reads every file below the roots. It tells the figure of the matrix only when nothing is found and something was planted.
func scan(roots []string, find func([]byte) []string, unmarked bool, out, hitsTo io.Writer) error {
	files, hits, marked := 0, 0, 0
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			if canary.Marked(data) {
				marked++
			}
			for _, hit := range find(data) {
				hits++
				_, _ = fmt.Fprintf(hitsTo, "%s holds %s\n", path, hit)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(out, "scanned %d files, %d hits; %d hold the mark of what was planted\n", files, hits, marked)
	switch {
	case hits > 0:
		return fmt.Errorf("%d hits", hits)
	case files == 0:
		return errors.New("there is no file")
	case marked == 0 && !unmarked:
		return errors.New("no file holds the mark: nothing was planted where this looks")
	}
	_, err := fmt.Fprintf(out, "matrix: I1 %d\n", files)
	return err
}
