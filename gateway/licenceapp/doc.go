// Package licenceapp answers Guangdong's e-licence API license-app/v1 (用证接口), so that a
// department's system which speaks it today changes an address and nothing else.
//
// A system logs in with its app secret and password (POST security/login), asks which
// licences a person holds for a matter and a case (POST license/auth) and gets a use code
// (用证码) for each; by the code it takes the data (GET license/get_license), the file for the
// case (GET license/archive: an annotated copy), or a page to look at (GET license/token,
// then license/view_license). Each of these is a use of its own on the one path: VERIFY for
// the list, VIEW for the data, COPY for file and page, each decided and recorded at that
// moment, so that a basis withdrawn after the list refuses the data.
//
// What the API lacks is taken from the access basis in force: see [exchange.Service.AtFacade].
// operator.account is the officer; use_cause and the whole operator are kept with the
// request, encrypted for the person. The API's secrets vouch for no single call, so the
// catalogue lists what a system may do this way and every entry names the door.
//
// A use code serves the system that got it, for [CodeLife]. What stands behind it is
// encrypted under the code itself, of which only a digest is kept: the database alone
// cannot tell whom it is about.
//
// Not answered, since nobody proves to Kapok who is signed in elsewhere or which officer
// acts: license/holder, license/webpage, license/entrust, and everything that makes or
// changes a licence.
//
// The package must not know HTTP, SQL or how a use is decided.
package licenceapp
