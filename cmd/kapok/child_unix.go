//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a child a process group of its own, so that the terminal's Ctrl-C
// does not reach it before this program can stop things in order.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
