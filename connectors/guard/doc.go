// Package guard stands around every source, so that a slow or broken one hurts nobody
// but its own callers: a budget for the whole call, retries only of what was surely a
// read and surely failed, a circuit breaker, a bulkhead, a rate, planned maintenance,
// coalescing of identical reads within one decision, a cache where the catalogue's item
// allows one, and what the source is measured to do against what it promised.
//
// A [Source] is shared by all items that come from it; [Source.Guard] wraps the
// connector of one item.
//
// It must not know protocols, nor who asks; a decision is known by its random
// reference alone.
package guard
