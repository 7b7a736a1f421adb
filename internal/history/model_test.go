package history

import (
	"github.com/anishathalye/porcupine"
)

// asked is a call with an idempotency key: the key, and which of several requests it came with. A read has neither.
type asked struct {
	key, body string
}

// kind is how a call was answered.
type kind int

const (
	answered kind = iota // finally
	doubt                // "in progress", "unknown", "unavailable": the key may have been claimed, or not
	mismatch             // the key was used with another request
	seen                 // the version of the order's payment, by a read
)

// told is the answer.
type told struct {
	kind
	payment string // the final answer: payment, status and sums
	version int64
}

// claim is what is known of a key.
type claim struct{ body, answer string }

// keys is the model of one idempotency key: the first request claims it, a final answer never changes, and another request is
// refused from the claim on.
var keys = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[string][]porcupine.Operation{}
		for _, op := range history {
			if in := op.Input.(asked); in.key != "" {
				parts[in.key] = append(parts[in.key], op)
			}
		}
		var list [][]porcupine.Operation
		for _, part := range parts {
			list = append(list, part)
		}
		return list
	},
	Init: func() []any { return []any{claim{}} },
	Step: func(state, input, output any) []any {
		c, in, out := state.(claim), input.(asked), output.(told)
		free := c.body == "" || c.body == in.body
		switch {
		case out.kind == answered && free && (c.answer == "" || c.answer == out.payment):
			return []any{claim{in.body, out.payment}}
		case out.kind == doubt && c.body == "":
			return []any{c, claim{body: in.body}}
		case out.kind == doubt && free, out.kind == mismatch && !free:
			return []any{c}
		default:
			return nil
		}
	},
}

// reads is the model of the order's payment as it is read: its version never goes back.
var reads = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var part []porcupine.Operation
		for _, op := range history {
			if op.Output.(told).kind == seen {
				part = append(part, op)
			}
		}
		return [][]porcupine.Operation{part}
	},
	Init: func() any { return int64(0) },
	Step: func(state, _, output any) (bool, any) {
		version := output.(told).version
		return version >= state.(int64), version
	},
}
