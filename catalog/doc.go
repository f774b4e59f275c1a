// Package catalog is the directory of what can be shared (政务数据目录): the
// departments and their systems, the data items with their fields and sources,
// the service items (事项) that need them, the grants (授权) given, and the
// statutory provisions and purposes that a use may rest on.
//
// A [Catalog] is loaded once from a folder of YAML files and never changes, so
// it is safe for concurrent use; what it hands out is shared and must not be
// written to. [Load] is strict: an unknown key, a dangling reference, a wrong
// check digit, a duplicate or a bad date refuses the whole folder, and every
// mistake found is reported with its file and line. [Example] is the trial's folder.
//
// Any file may hold any section, so a department can keep all of its own in one
// file. Keys are English in the field's terms, labels are Chinese; each type
// below names the Chinese term.
//
// # Placeholders
//
// A ${NAME} in a source's settings or in a staff member's issuer stands for an
// address of this installation, given to [Load]. The digest is taken before they
// are filled, so two nodes with the same files agree on it wherever they run.
//
// The package decides nothing about a request (policies does), asks no source
// (connectors do), and knows neither database nor HTTP.
package catalog
