// Package databases runs whole services over real databases, several on one, as the processes of a host do: requests that meet at one
// order, transactions that meet in a deadlock, a pool that has one connection, a transaction of the host's. Its tests are rows C5, C6, E6
// and E7 of docs/reliability.md. The servers are those that PAYMENTS_TEST_POSTGRES and PAYMENTS_TEST_MYSQL name; SQLite is always there.
package databases
