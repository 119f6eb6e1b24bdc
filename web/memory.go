package main

import (
	"bufio"
	"bytes"
	"os"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// collectAt is how much the heap may grow, in percent of what is alive, until it is collected. At Go's 100 the
// collector takes 1 % of the processor when 8 clients read lists without a pause, so that the memory is worth more.
const collectAt = 60

// saveMemory lets a server hold less: it collects earlier, and gives back what only its start needed. A setting of
// GOGC goes before.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	debug.FreeOSMemory()
	forgetStart()
}

// forgetStart takes the pages of the program's own file out of the process: its start walks through the packages'
// initialisers, and the kernel maps generously around each. What is needed again comes back from the page cache without
// a read. Only mappings that can't be written are touched; where there is no /proc nothing happens.
func forgetStart() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		// address-address perms offset device inode path
		f := bytes.Fields(lines.Bytes())
		if len(f) != 6 || string(f[5]) != self || bytes.IndexByte(f[1], 'w') >= 0 {
			continue
		}
		from, to, _ := bytes.Cut(f[0], []byte("-"))
		start, err1 := strconv.ParseUint(string(from), 16, 64)
		end, err2 := strconv.ParseUint(string(to), 16, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		// A refusal costs nothing but the memory.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(start), uintptr(end-start), unix.MADV_DONTNEED)
	}
}
