package storetest

import (
	"errors"
	"syscall"
)

// gone answers whether no process has this number any more.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
