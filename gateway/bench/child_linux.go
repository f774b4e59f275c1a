package bench

import "syscall"

// dieWithParent lets the kernel end the child when this process ends in any way.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGTERM }
