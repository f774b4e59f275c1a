// Package gjgxjhpt asks the national data sharing and exchange platform
// (国家数据共享交换平台) by its gjgxjhpt_* protocol.
//
// The platform lends a consumer (rid) a secret for each interface (sid). A
// consumer proves itself with its appKey, once per secret:
//
//	POST key_url {gjgxjhpt_rid, gjgxjhpt_sid, gjgxjhpt_rtime, gjgxjhpt_sign}
//	  → {"code":"0","data":{"secret","secretEndTime"},"message"}
//
// where sign = Base64(HMAC-SHA256(appKey, sid‖rid‖rtime)), rtime is in
// milliseconds, and the secret is encrypted with AES-128 under a key made from
// appKey by the rule of Java's SHA1PRNG. Each business call then carries four
// headers of the same names, with sign keyed by the secret.
//
// # The interface's own shape
//
// Every interface has its own names, so they are settings. Kapok sends
//
//	POST url {"<subject_param>":"…", "<param.x>":"…"}
//
// and expects {"code":"0","data":…,"message":""}, with the records at the
// pointer that the setting records names, say /data/records, and the day of the
// data at the pointer as_of, say /data/asOf. A record is an object of plain
// values; its member subject_field must be the subject's number.
//
// The protocol signs neither method, path nor body: on the wire it is as good
// as its TLS. The answer is not signed either, so [connectors.Answer] holds no
// signature.
package gjgxjhpt
