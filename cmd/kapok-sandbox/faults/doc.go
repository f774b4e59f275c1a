// Package faults takes a tester's orders for faults at /_sandbox/faults and spoils
// answers by them: slow, half, garbage, and so on, the same for every protocol that
// the sandbox plays.
package faults
