// Package cases keeps which materials of a case (办件) were met by which licence or data
// item, and holds everybody to the rule of the plan: where an e-licence or shared data
// was accepted at 受理, no later step of that case asks for the paper. Asking again is
// refused with the rule and reported to the supervisor.
//
// From the same rows come the four rates: 减材料率, 用证率, 电子印章使用率, 签发及时率, by
// department and service item, against the catalogue's targets.
//
// What met a material is proved by an exchange that the ledger holds; nobody's word is
// taken for it. The package must not know HTTP, SQL or how people sign in.
package cases
