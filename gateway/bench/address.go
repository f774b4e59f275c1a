package bench

import (
	"net"
	"strings"
)

// hostOf is the host and port of a base address.
func hostOf(base string) string { return strings.TrimPrefix(base, "http://") }

// freeAddress is a loopback address that nobody listened on a moment ago: what is
// measured has to know its own address before it starts.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := listener.Addr().String()
	return address, listener.Close()
}
