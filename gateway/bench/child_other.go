//go:build !linux

package bench

import "syscall"

// dieWithParent: elsewhere the children end when this process stops them.
func dieWithParent(*syscall.SysProcAttr) {}
