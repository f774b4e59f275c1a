// Package platform plays the national data sharing and exchange platform
// (国家数据共享交换平台) with three interfaces behind it, by the gjgxjhpt_*
// protocol: key exchange, four signed headers, JSON. It checks what the real
// one checks: who asks, for which interface, when, and the signature. Its
// records are about people who do not exist.
//
// A tester orders faults at /_sandbox/faults and reads what was asked at
// /_sandbox/counts.
//
// It is written from the protocol's description alone: it shares no code with
// Kapok's connectors, so that an error in one shows against the other.
package platform
