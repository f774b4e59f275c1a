// Package closing says what became of intents whose node could not say it itself.
//
// An outcome is durable before a byte leaves, so an intent without an outcome was
// not released: "not-released". Where an outcome says released and the node ended
// before it noted that the bytes were handed over, nobody can tell:
// "release-unknown". Either is an entry of kind outcome with the intent's reference
// and subject, so that the citizen finds it beside the others; of several outcomes
// of one reference the last one holds.
//
//   - entry.go: the rule, and the entry that it leads to
//   - close.go: all intents that a log was left with
//   - takeover.go: the logs of nodes that have ended
//
// It must not know the path, HTTP or any database.
package closing
