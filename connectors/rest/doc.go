// Package rest asks a source that speaks plain HTTP and JSON, described by nothing but
// the catalogue's settings: method and address, where the subject's number goes,
// headers, how Kapok proves itself, where the records stand, and by which SM2 key the
// source signs its answers. One YAML file makes a new source.
//
//	url: https://cl.example/v1/disability
//	method: POST                  # or GET, PUT
//	send: json                    # json | form | header | query
//	subject_param: id_card        # the member, form field, header or query name
//	subject_field: id_card        # what the record calls it (default: subject_param)
//	service_item_param, case_param
//	param.<name>, header.<name>   # constants
//	auth: header                  # none | basic | bearer | header | oauth2
//	auth_secret: cl-api-key       # the name of a secret
//	auth_header: X-Api-Key        # for header
//	auth_user: kapok              # for basic and oauth2 (the client id)
//	token_url, scope              # for oauth2 (client credentials, RFC 6749 §4.4)
//	code: /status, ok: ok         # what an answer says when all is well; absent: its status alone
//	records: /result/rows         # absent: the whole answer
//	as_of: /result/as_of
//	missing_status: "404"         # a status that means: no record
//	answer_key: BASE64            # 04‖X‖Y of the source's SM2 key; answers must then be signed
//	answer_signature: X-Body-Signature  # header: base64 of r‖s or of DER, over the body, default user id
//
// There is no paging: a question is about one subject, and its answer is one page.
//
// With send: query the number stands in the address, where the source's own servers
// will log it. That is the source's choice to make, so it must be said twice:
// number_in_address: accepted.
package rest
