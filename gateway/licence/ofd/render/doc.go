// Package render draws a page of an OFD document as SVG, well enough for a person to
// look at: text, paths, pictures, templates, annotations and seals. What it cannot draw
// is named in [Picture.Missing], never left out in silence.
//
// The SVG loads nothing: pictures and embedded fonts are in it. What the document says
// reaches it as numbers, escaped text and base64 only. The package must not know
// signatures' worth: a seal is drawn whether it holds or not, so show it beside a
// report.
package render
