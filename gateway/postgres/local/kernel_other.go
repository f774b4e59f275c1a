//go:build unix && !linux

package local

import "syscall"

// dieWithParent can do nothing here: the kernel tells nobody of a parent's end.
func dieWithParent(*syscall.SysProcAttr) {}

// kernelWatches: see watch.
const kernelWatches = false

// recoverySync: only Linux can write out a disk by one call.
const recoverySync = "fsync"
