// Package licensing makes e-licences and ends them: 制证, 签发, 归集, 变更, 延续, 年检,
// 废止. Each change and its entry in the ledger share one transaction, and a licence
// abolished is refused on the next use on every node, by its stop marker. It also
// serves licences to the one path, as a source among others.
//
// What a licence says is sealed with its holder's record key. The department's e-seal
// is put on with a key that the key service holds. The package must not know HTTP,
// SQL or how people sign in.
package licensing
