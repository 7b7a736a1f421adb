// Package rules is an abstract model of the rules in docs/design.md: one order, clients that pay it, a reconciling process, the
// gateway's events, crashes, lost and late requests, as one small comparable value and the values that may follow it. It is
// searched to the last state, much further than package model can search the module itself; what it says of the module is as
// true as it is drawn right.
//
// It knows no time: a lease may end at any moment, also that of a process which only pauses, and each look of Reconcile may
// find a doubt young enough to be completed or old enough to be canceled. It knows no versions either: a process that read a
// row has read the current one until somebody writes it.
package rules
