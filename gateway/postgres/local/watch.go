package local

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watchScript waits for the end of its standard input, which comes with the end of
// the process that holds the other end; then it stops the server, waits for it, and
// deletes a temporary folder.
const watchScript = `
read -r never
kill -INT "$1" 2>/dev/null
tries=600
while [ $tries -gt 0 ] && kill -0 "$1" 2>/dev/null; do sleep 0.05; tries=$((tries-1)); done
[ -z "$2" ] || rm -rf -- "$2"
`

// watch starts a shell that outlives this process by a moment and clears up after
// it; it also ends when the server does. Where the kernel stops the server itself,
// only a temporary folder needs one.
func watch(server *process, temporary string) error {
	if kernelWatches && temporary == "" {
		return nil
	}
	read, write, err := os.Pipe() // close-on-exec: no other child keeps it open
	if err != nil {
		return err
	}
	defer read.Close()
	shell := exec.Command("/bin/sh", "-c", watchScript, "kapok-watch", strconv.Itoa(server.pid()), temporary)
	shell.Dir = "/"
	shell.Stdin = read
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		return errors.Join(err, write.Close())
	}
	go func() {
		<-server.ended
		_ = write.Close() // the shell reads the end either way
		_ = shell.Wait()  // and has nothing to tell
	}()
	return nil
}
