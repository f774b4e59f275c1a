// Package people makes up the citizens that the sandbox's sources know. None of
// them exists: names say 测试 (test), identity numbers have valid check digits
// (GB 11643) so that checks pass, and telephone numbers begin with 100, which
// no operator issues.
//
// A person is computed from an index, never stored, so millions of them cost
// nothing. It must not know any protocol.
package people
