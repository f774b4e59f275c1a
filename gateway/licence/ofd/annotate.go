package ofd

// PageAnnotation is an annotation on a page; 0 is the first.
type PageAnnotation struct {
	Page int
	Annotation
}
