package httpadapter_test

import (
	"syscall"
	"time"
	"unsafe"
)

// threadCPU returns the time that the calling thread has run.
func threadCPU() time.Duration {
	const clockThreadCPU = 3
	var used syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&used)), 0); err != 0 {
		panic(err)
	}
	return time.Duration(used.Nano())
}
