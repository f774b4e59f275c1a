// Package federation says which other Kapoks there are: districts and the city that ask
// each other for data. Their list is one document that the federation's keeper signs; each
// member pins the keeper's key, takes a list over by a publication of its catalogue, and
// believes of another member what the list says and nothing else: its name, its address,
// its root certificates.
//
// A list has a version that only rises, and an end: past it nobody is a member. Whoever is
// not on the list in force is a stranger.
//
// The package knows neither how members talk nor what one may ask another.
package federation
