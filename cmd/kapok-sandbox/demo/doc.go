// Package demo drives a running Kapok as the outside world would, and prints
// what happens for somebody who sees it for the first time: an exchange under a
// statutory duty, then one under a citizen's consent, which the citizen
// withdraws. It uses Kapok's HTTP surface alone; anything that does not happen as
// told is an error.
//
// Everybody in it is made up, so it prints values that Kapok itself never would.
package demo
