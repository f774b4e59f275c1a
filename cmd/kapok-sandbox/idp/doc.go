// Package idp plays the identity provider at which people sign in: OpenID
// Connect with authorisation code and PKCE (S256), discovery and JWKS. Its
// login page lists people who do not exist, with a button for each, and asks
// for no password. Nothing is kept: a restart makes a new signing key and
// forgets everybody who had begun.
//
// ID tokens carry sub, name, idcardtype, idcardnumber, usertype and
// creditable_level_of_account, named as the province's 统一身份认证平台 has them.
package idp
