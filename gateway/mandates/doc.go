// Package mandates lets one person act for another in their safe: an agent whom a person
// appoints, a guardian whom two officers register. A mandate is narrow: it names matters,
// powers and an end, and nobody passes it on. The principal sees every act under it, and
// one action of theirs ends it; the consents that were given under it end with it.
//
// It must not know HTTP, SQL or what a consent is about; whether an act is one of the
// mandate's matters is held against the consent by gateway/safe.
package mandates
