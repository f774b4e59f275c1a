package local

import (
	"os"
	"strings"
)

// longestLog is where the log of former runs is cut: 8 MiB.
const longestLog = 8 << 20

// openLog appends to the server's log; one that grew too long starts anew.
func (l layout) openLog() (*os.File, error) {
	mode := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(l.log()); err == nil && info.Size() > longestLog {
		mode |= os.O_TRUNC
	}
	return os.OpenFile(l.log(), mode, 0o600)
}

// logTail is the last lines of the log, for an error.
func (l layout) logTail() string {
	text, err := os.ReadFile(l.log())
	if err != nil {
		return "(" + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// lastLine is what the server said last.
func (l layout) lastLine() string {
	tail := l.logTail()
	return tail[strings.LastIndexByte(tail, '\n')+1:]
}
