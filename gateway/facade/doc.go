// Package facade answers two protocols of e-licences that departments' systems speak today,
// so that such a system changes an address and nothing else: Guangdong's license-app/v1
// ([LicenceApp], 用证接口) and a licence share service in the style of GB/T 36906
// ([CertShare], 证照共享服务).
//
// Whatever hands out data is a use of its own on the one path, decided and recorded at that
// moment, so that a basis withdrawn after a list refuses the data: VERIFY for what a holder
// has, VIEW for a licence's data, COPY for a file, which is an annotated copy (加注件).
//
// What these protocols lack is taken from the access basis in force: see
// [exchange.Service.AtFacade]. The officer is operator.account, of the share service also
// what stands after a slash in certificateSystemName; the question as it came, with its
// use cause and the whole operator, is kept with the request, encrypted for the person. The
// secrets of both protocols vouch for no single call, so the catalogue lists what a system
// may do this way and every entry names the door.
//
// A use code (用证码) serves the system that got it, for [CodeLife]; the codes of pages and
// files serve once. What stands behind a code is encrypted under the code itself, of which
// only a digest is kept: the database alone cannot tell whom it is about.
//
// Of the share service the published text leaves open, and this was chosen: certData is a
// list of licences as JSON by the names of GB/T 36903, encrypted by SM2 (C1C3C2) to the
// newest key that is enrolled for the system; useCause is the object, since a text says
// neither matter nor case; a verification's result is verifyResult.
//
// Not answered: license/holder, license/webpage and license/entrust, where nobody proves to
// Kapok who is signed in elsewhere; getCertRemarkInfo; whatever makes or changes a licence,
// where nobody proves which officer acts.
//
// The package must not know HTTP, SQL or how a use is decided.
package facade
