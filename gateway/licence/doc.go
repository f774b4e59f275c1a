// Package licence holds the words of e-licences (电子证照): identifiers by GB/T 36904,
// metadata by GB/T 36903 in the three families of names that real systems use, the
// life of a licence as a table, and what a person presents.
//
// It is pure: it must not know where licences are kept, who asks, how a page is drawn
// or how keys are held. Facts about the standards stand beside what uses them.
package licence
