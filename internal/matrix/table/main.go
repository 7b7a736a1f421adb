// Command table prints the test matrix with the figures that the logs of a run hold, and fails where a row has less than its gate. A
// test that several logs hold counts once, by the log in which it counted the most.
//
//	go run ./internal/matrix/table LOG...
package main

import (
	"bufio"
	"bytes"
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
	var logs []counts
	for _, name := range flag.Args() {
		f, err := os.Open(name) //nolint:gosec // it reads the logs that it is told to
		if err != nil {
			log.Fatal(err)
		}
		c, err := read(f)
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		logs = append(logs, c)
		_ = f.Close()
	}
	if short := table(os.Stdout, figures(logs), strings.Split(*without, ",")); short > 0 {
		log.Fatalf("%d rows have less than their gate", short)
	}
}

// source is a row and the test that counted for it.
type source struct{ row, test string }

// counts are what one log says.
type counts map[source]int

var counted = regexp.MustCompile(`\bmatrix: ([A-N][0-9]+) ([0-9]+)(?: of (\S+))?$`)

// read adds up the figures that a test log holds.
func read(r io.Reader) (counts, error) {
	in, c := bufio.NewReader(r), counts{}
	for {
		line, err := in.ReadBytes('\n')
		if m := counted.FindSubmatch(bytes.TrimSuffix(line, []byte("\n"))); m != nil {
			n, err := strconv.Atoi(string(m[2]))
			if err != nil {
				return nil, err
			}
			c[source{string(m[1]), string(m[3])}] += n
		}
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// figures returns each row's figure.
func figures(logs []counts) map[string]int {
	most := counts{}
	for _, c := range logs {
		for s, n := range c {
			most[s] = max(most[s], n)
		}
	}
	sum := map[string]int{}
	for s, n := range most {
		sum[s.row] += n
	}
	return sum
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
