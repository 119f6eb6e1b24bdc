package main

import (
	"bytes"
	"os"
	"strconv"
	"testing"
)

func TestAServerGivesBackTheMemoryOfItsStart(t *testing.T) {
	before := programKB(t)
	forgetStart()
	if after := programKB(t); before > 0 && after >= before {
		t.Errorf("%d kB of the program's file were mapped before and %d kB after", before, after)
	}
}

// programKB is how much of files the process has mapped in memory, 0 where nobody tells.
func programKB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "RssFile:" {
			kb, err := strconv.Atoi(string(f[1]))
			if err != nil {
				t.Fatal(err)
			}
			return kb
		}
	}
	return 0
}
