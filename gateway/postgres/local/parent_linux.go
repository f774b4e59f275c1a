package local

import "syscall"

// dieWithParent has the kernel stop the program (fast shutdown) when the thread that
// started it ends, however that comes about: also by SIGKILL.
func dieWithParent(attributes *syscall.SysProcAttr) {
	attributes.Pdeathsig = syscall.SIGINT
}

// kernelWatches: only what is to be deleted needs a watcher of our own.
const kernelWatches = true
