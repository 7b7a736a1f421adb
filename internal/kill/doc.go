// Package kill holds the proofs that need processes of their own: the host, the gateway and the database are killed while they
// work for many clients at once (rows A3, A4 and A5 of the test matrix), and the order of a process's system calls is read from
// strace (row A6). Package crash kills at chosen boundaries; here nobody chooses.
//
// All of it is in the tests, which run their own binary again as a child. Without the flag -kill they start no PostgreSQL and make a fortieth of the
// matrix's figures.
package kill
