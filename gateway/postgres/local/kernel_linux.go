package local

import "syscall"

// dieWithParent has the kernel stop the program (fast shutdown) when the thread that
// started it ends, however that comes about: also by SIGKILL.
func dieWithParent(attributes *syscall.SysProcAttr) {
	attributes.Pdeathsig = syscall.SIGINT
}

// kernelWatches: only what is to be deleted needs a watcher of our own.
const kernelWatches = true

// recoverySync: after a crash the server asks the kernel once to write out the disk of
// its data, instead of opening every one of its files, which takes seconds.
const recoverySync = "syncfs"
