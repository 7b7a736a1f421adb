// Command scan looks for planted card data and client secrets in files and folders, and fails when it finds any.
//
//	go run ./internal/canary/scan [-text] PATH...
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/trendsic/payments/internal/canary"
)

func main() {
	text := flag.Bool("text", false, "the files are texts: look for the verification code too")
	flag.Parse()
	files, hits := 0, 0
	for _, root := range flag.Args() {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			find := canary.Find
			if *text {
				find = canary.FindInText
			}
			for _, hit := range find(data) {
				hits++
				fmt.Fprintf(os.Stderr, "%s holds %s\n", path, hit)
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "scan:", err)
			os.Exit(2)
		}
	}
	fmt.Printf("scanned %d files, %d hits\n", files, hits)
	if hits > 0 || files == 0 {
		os.Exit(1)
	}
}
