// Package certshare asks a licence share service (证照共享服务系统) in the style of GB/T
// 36906, as provinces run it, for the licences of a holder.
//
// Every question is a POST of {"head":{"accessId","accessToken"},"data":{…}}, every answer
// {"head":{"status","message"},"data":{…}}: 0 is all well, 10 that nothing matches, 11 that
// the caller is not known, 100 that it may not, 103 that holder and type of number do not
// go together, 99 any other failure. queryCertInfoByHolderCode takes holderCode,
// holderTypeCode, certTypeCode and useCause; the licences come as certData, hexadecimal,
// encrypted by SM2 to the caller.
//
// Where the published text is silent, this is what was chosen: certData decrypts to one JSON
// object or to a list of them, with the names of GB/T 36903; its cipher text is C1C3C2
// unless the settings say otherwise; 11 is a refusal, since nothing can be exchanged for
// another access token. extend_info is a JSON object or its text; its members join the
// record, and a name in both is garbage. An answer is of its Date (RFC 9110 §6.6.1): nothing
// in it says of when it is, and the service answers from its register.
//
// useCause is the object with certificateSystemName (the calling system), …CallCategory,
// …MatterName (the matter's code), …EventCode (the case) and …CopyCause (the purpose); the
// protocol has no place for the officer, whose reference follows the system's after a
// slash. All of them stand in the entries of Kapok's ledger too.
package certshare
