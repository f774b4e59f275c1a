// Package exchange is the one path that every use of data takes:
//
//	admit → resolve → decide → record intent → fetch → check source →
//	minimise → record outcome → sign → release
//
// [Service.Exchange] reads in that order. Its promise is "no receipt, no release":
// the intent is durable before the source is called, the outcome is durable before
// a byte leaves, and a refusal is recorded with its reason. Anything in doubt is
// denied.
//
// It must not know the door a call came through (Gin, HTTP servers) nor how a store
// keeps things (SQL): both stand behind the small interfaces declared here.
package exchange
