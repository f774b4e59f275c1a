// Package direct plays the national "data direct" interfaces (数据直达) of the
// 国家政务服务平台 by the gjzwfwpt_* protocol: four signed headers, bodies whose names
// are all in lower case, codes like 200, 300 and api-002. It serves one query and the
// reporting of applications with their states and receipts.
//
// It is written from the protocol's description alone and shares no code with
// Kapok's connectors.
package direct
