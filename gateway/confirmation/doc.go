// Package confirmation is how a second officer (第二人) confirms one use before it may
// happen. Where a policy obliges to it (second-approver), the path asks for a
// confirmation and refuses; another person of the calling department, or of the
// provider, confirms or refuses it within [Life]; then the same request goes through,
// once.
//
// What is the same request says [Digest]. The package must not know SQL, HTTP or the
// path; it asks no clock but the one it is given.
package confirmation
