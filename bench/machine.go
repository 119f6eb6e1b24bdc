package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memoryMB is the memory of this machine.
func memoryMB() int { return procKB("/proc/meminfo", "MemTotal:") / 1024 }

// procKB reads one number of kilobytes from a file of /proc, 0 where there is none.
func procKB(file, name string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return n
		}
	}
	return 0
}

// loadAverage is how busy the machine was during the last minute.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// residentMB is the memory a process holds now; peakMB the most it held since resetPeak.
func residentMB(pid int) float64 {
	return float64(procKB(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:")) / 1024
}
func peakMB(pid int) float64 {
	return float64(procKB(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")) / 1024
}

func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
