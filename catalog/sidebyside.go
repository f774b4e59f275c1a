package catalog

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// sideBySide does something for each number below count, on all processors. What is
// done for one must not depend on another.
func sideBySide(count int, do func(at int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), count) {
		workers.Go(func() {
			for at := int(next.Add(1)) - 1; at < count; at = int(next.Add(1)) - 1 {
				do(at)
			}
		})
	}
	workers.Wait()
}
