// Package publishing is how an edition of the catalogue or of the policies comes about:
// somebody proposes files, or the spreadsheet form that departments fill in; what would
// change is shown; a second person confirms. Policies are proposed with a replay: what
// they would have decided otherwise, counted over what was decided.
//
// What is proposed has to fit what is in force, when it is proposed and again in the
// transaction that publishes it. The package knows neither HTTP nor the database.
package publishing
