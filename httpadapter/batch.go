package httpadapter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// maxBatch is how many requests one batch may have.
const maxBatch = 100

// split finds the elements of a batch's body, an array. What is wrong within one of them is that one's own affair.
func (x *exchange) split() *bindError {
	d := decoder{scanner: scanner{data: x.body}, lenient: true}
	if !utf8.Valid(x.body) || d.next() != '[' {
		return malformed
	}
	d.pos++
	if d.next() == ']' {
		d.pos++
		return d.atEnd()
	}
	for {
		d.next()
		start := d.pos
		if err := d.skip(0); err != nil {
			return err
		}
		x.elements = append(x.elements, x.body[start:d.pos])
		if len(x.elements) > maxBatch {
			return &bindError{field: "CustomerPaymentsRequest", message: "A batch has at most 100 requests"}
		}
		switch d.next() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			return d.atEnd()
		default:
			return malformed
		}
	}
}

// atEnd refuses what follows the document.
func (d *decoder) atEnd() *bindError {
	if !d.end() {
		return malformed
	}
	return nil
}

// serveBatch answers each request of a batch alone, one after the other: two of one order mean the same then as when they
// come apart. The batch itself is 200, whatever became of them.
func (x *exchange) serveBatch(ctx context.Context) (status int) {
	key, replayed := x.key, len(x.elements) > 0
	x.list = make([]response, 0, len(x.elements))
	for i, element := range x.elements {
		x.in, x.out, x.payment, x.badInfo, x.replayed = request{}, response{}, customerPayment{}, nil, false
		x.key = batchKey(key, i)
		x.guard(ctx, func(ctx context.Context) int {
			if err := x.bindOne(element); err != nil {
				return x.fail(unbound(err))
			}
			return x.serveOne(ctx)
		})
		answer := x.out
		if answer.payment != nil {
			payment := x.payment
			answer.payment = &payment
		}
		x.list = append(x.list, answer)
		replayed = replayed && x.replayed
	}
	x.problem, x.replayed = nil, replayed
	return http.StatusOK
}

// batchKey is the idempotency key of one request of a batch that has a key. A batch that is sent again finds each of its
// answers, and no two of its requests share one.
func batchKey(key string, i int) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(i) + ":" + key))
	return "batch-" + hex.EncodeToString(sum[:])
}
