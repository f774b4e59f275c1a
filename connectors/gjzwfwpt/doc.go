// Package gjzwfwpt asks the national "data direct" interfaces (数据直达, 国家政务服务平台,
// interface specification v0.55) and reports applications to them.
//
// A consumer (rid) has one appkey and, for each interface, an id (sid); a call is
//
//	POST /sysapi/<path> {"lower_case_names": "…"}
//	gjzwfwpt_rid, gjzwfwpt_sid, gjzwfwpt_rtime, gjzwfwpt_sign
//
// with sign = Base64(HMAC-SHA256(appkey, sid‖rid‖rtime)), rtime in milliseconds. All
// names in a body are in lower case. The answer is {"code","message","data"} with code
// "200", or "300" and codes of the domains catalog-, res-, api- and db- for refusals.
//
// There are three classes of interfaces: queries (查询), which [Connector] asks;
// reports (上报) and their states, which [Desk] speaks.
//
// The protocol signs neither method, path nor body, and the answer is not signed.
package gjzwfwpt
