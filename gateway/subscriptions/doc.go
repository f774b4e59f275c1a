// Package subscriptions tells departments' systems when an item changed for their cases
// (推送订阅). A system subscribes by one signed call: an item, its cases, an address of its
// own. When a version of returned data is put in force, or a provider announces a change,
// each case that it touches gets a push.
//
// A push is a use on the one path, made at the moment of its delivery and made anew at
// each attempt: basis, grant, limits and policies as they are then, and an entry before a
// byte leaves. So what is pushed is the state then, and a withdrawal stops the next
// delivery. Pushes of one case go out in order, one at a time; those that fail again and
// again are dead letters, which the system sees and may have sent again.
//
// A push goes only to an address that stands in the catalogue's entry of the system, and
// never to this machine or its network's own addresses by way of a name: see [Sender].
//
// The package must not know SQL, jobs, nor how a use is decided.
package subscriptions
