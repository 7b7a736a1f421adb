// Command table prints the test matrix with the figures that the logs of a run hold, and fails where a row has less than its gate.
//
//	go run ./internal/matrix/table LOG...
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/trendsic/payments/internal/matrix"
)

func main() {
	log.SetFlags(0)
	without := flag.String("without", "", "rows that this run does not make, separated by commas")
	flag.Parse()
	figures := map[string]int{}
	for _, name := range flag.Args() {
		f, err := os.Open(name) //nolint:gosec // it reads the logs that it is told to
		if err != nil {
			log.Fatal(err)
		}
		if err := read(figures, f); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		_ = f.Close()
	}
	if short := table(os.Stdout, figures, strings.Split(*without, ",")); short > 0 {
		log.Fatalf("%d rows have less than their gate", short)
	}
}

var counted = regexp.MustCompile(`\bmatrix: ([A-N][0-9]+) ([0-9]+)$`)

// read adds the figures that a test log holds.
func read(figures map[string]int, r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if m := counted.FindSubmatch(line[:max(0, len(line)-1)]); m != nil {
			n, err := strconv.Atoi(string(m[2]))
			if err != nil {
				return err
			}
			figures[string(m[1])] += n
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// table prints every row, and returns how many have less than their gate, but for those that this run does not make.
func table(w io.Writer, figures map[string]int, without []string) (short int) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range matrix.Rows {
		verdict := "held"
		switch n := figures[r.ID]; {
		case n < r.Gate && slices.Contains(without, r.ID):
			verdict = "by make prove"
		case n < r.Gate:
			verdict = "SHORT"
			short++
		}
		_, _ = fmt.Fprintf(out, "%s\t%s\t%d of %d %s\t%s\n", r.ID, r.Does, figures[r.ID], r.Gate, r.Unit, verdict)
	}
	_ = out.Flush()
	return short
}
