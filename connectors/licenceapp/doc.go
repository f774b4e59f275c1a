// Package licenceapp asks a province's e-licence system by Guangdong's API
// license-app/v1, so that a licence that the province holds is used like any item.
//
// A consumer logs in (POST security/login) and sends the access token it got with every
// call, as ?access_token=. A question is POST license/auth (依职能用证) with the holder's
// number, the service item, the case and the operator in its body; the answer lists the
// licences, each with a use code (用证码), by which GET license/get_license hands out
// their data. Every answer is {"ack_code","errors","timestamp","data",…} with ack_code
// SUCCESS or FAILURE.
//
// Where the published text is silent, this is what was chosen: each member of data in
// the answer to license/auth names its license_item_code, license_status and auth_code;
// the code that says that a token serves no more is a setting; timestamp is a time in
// one of the usual forms or in milliseconds. A licence is used only while its status is
// ISSUED. data_fields is a JSON text, in single quotes where a system writes it so; its
// members join the licence's own in one record, and a name in both is garbage.
//
// The operator told to the province has the officer's reference as account, the calling
// system as role, the department as service_org, unless the settings fix them; a name is
// the settings', since Kapok keeps none. use_cause carries the purpose's code. All of them
// stand in the entries of Kapok's ledger too. A holder whose only licence of the type was
// abolished is [connectors.ErrAbolished]. The envelope's sign is not checked, since the method is
// nowhere published.
package licenceapp
