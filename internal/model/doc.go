// Package model searches the module's state machine exhaustively, by running the module itself: one order, two clients that
// both pay it, crashes, lost answers, late requests, the gateway's events, a reconciling process and the passing of time, in every
// order at the calls of the store and the gateway.
//
// A goroutine cannot be copied, so a state is reached by doing again what led to it: a path is a list of choices, and from the
// first state that is new on a path, each choice that is left is a path of its own. A state is the rows, what the gateway was
// asked and answered, what each call under way has been told, the time, and what may still happen; who is in a state that
// was seen before is not followed further. In every state the promises of package invariant must hold, and wherever no call is under
// way the faults may end, after which nothing may stay in doubt and rows and books must agree.
//
// Package rules searches the rules alone, much further.
//
// What happens between two calls is computation that nobody else sees, so one point between them is enough: to die after a
// call is to die before the next one.
package model
