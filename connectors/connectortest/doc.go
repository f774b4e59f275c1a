// Package connectortest is the suite that every connector must pass: what a
// source answers when all is well, and what a connector makes of each way in
// which sources go wrong. It runs over real sockets against kapok-sandbox, built
// and started as a program of its own, with which connectors share no code.
//
// A connector's own test calls [Run] with how to make the connector; a new
// protocol adds nothing here.
package connectortest
