package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// callerAddress is where a request came from: the peer, or, where that is a proxy of
// our own, the last address in X-Forwarded-For, which that proxy wrote. The zero
// address is not known, and lies in no network.
func callerAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap()
	if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(address) }) {
		return address
	}
	forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(forwarded[strings.LastIndexByte(forwarded, ',')+1:])
	address, err = netip.ParseAddr(last)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap()
}
