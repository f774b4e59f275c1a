// Package tif asks services behind Guangdong's gateway (TIF, 里约网关: 粤政易,
// dc-gateway, *.digitalgd.com.cn) and checks calls that come signed by it.
//
// A caller (paasid) proves itself with
//
//	x-tif-paasid, x-tif-timestamp (seconds), x-tif-nonce (once in ten minutes),
//	x-tif-signature = UPPERHEX(SHA256(ts‖token‖nonce‖ts))
//
// and the gateway proves itself towards a backend with the same headers and, where it
// speaks for a person, x-tif-uid, x-tif-uinfo and x-tif-ext:
// SHA256(ts‖token‖nonce‖","‖uid‖","‖uinfo‖","‖ext‖ts). The trial environment's headers
// begin with x-rio-. A clock may be off by 180 seconds.
//
// Neither method, path, query nor body is signed, so whoever sees one call can change
// it while the token is fresh: what is admitted by it is marked as weaker.
package tif
