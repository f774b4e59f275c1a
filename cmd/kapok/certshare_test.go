package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/licensing"
)

const gongxiang = "tianhe-renshe-gongxiang"

// certShareAnswer is an answer of the share service, as a client reads it.
type certShareAnswer struct {
	Head struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
	} `json:"head"`
	Data struct {
		CertData string   `json:"certData"`
		URL      string   `json:"url"`
		URLs     []string `json:"urls"`
		Content  []byte   `json:"content"`
		Holds    bool     `json:"verifyResult"`
	} `json:"data"`
}

func certUse() map[string]string {
	return map[string]string{
		"certificateSystemName": "butie/officer-0044", "certificateCallCategory": "依职能用证", "certificateMatterName": butieMatter,
		"certificateEventCode": "BT-9", "certificateCopyCause": "补贴资格",
	}
}

// certShare asks as a district system does, written from the service's description alone.
func (w *world) certShare(node int, path, token string, data map[string]any) certShareAnswer {
	w.t.Helper()
	if _, said := data["useCause"]; !said {
		data["useCause"] = certUse()
	}
	body, err := json.Marshal(map[string]any{"head": map[string]string{"accessId": "tianhe-renshe", "accessToken": token}, "data": data})
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.Post(w.urls[node]+"/zzgxpt/"+path, "application/json", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer certShareAnswer
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		w.t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
	}
	return answer
}

// certShareFacade: a system that speaks the share service's protocol uses a licence of this
// district: by holder, by identifier and by the code that the holder shows; what it gets is
// encrypted to its own key.
func (w *world) certShareFacade(made licensing.Licence) {
	w.t.Helper()
	person, ref := w.holder(0)
	token, identifier := trialSecrets()["share-token-thrs"], made.Metadata.Elements["certificateIdentifier"]
	holder := func(more map[string]any) map[string]any {
		asked := map[string]any{"holderCode": person.Number, "holderTypeCode": "111", "certTypeCode": assistanceLicence}
		for name, value := range more {
			asked[name] = value
		}
		return asked
	}
	w.facadeBasis(gongxiang, gateway.View, "")
	w.facadeBasis(gongxiang, gateway.Verify, "")
	w.facadeBasis(gongxiang, gateway.Copy, "BT-9")
	if got := w.certShare(0, "queryCertInfoByHolderCode", token, holder(nil)); got.Head.Code != "recipient-key-missing" {
		w.t.Errorf("without a key: %+v", got.Head)
	}
	system := w.enrol(gongxiang)
	for _, try := range []struct {
		path string
		data map[string]any
	}{
		{"queryCertInfoByHolderCode", holder(map[string]any{"certNo": made.Metadata.Elements["certificateNumber"]})},
		{"queryCertInfo", map[string]any{"certIdentifier": identifier}},
		{"queryCertInfoByQRcode", map[string]any{"qrcode": w.show(0, ref, "").Code.Text()}},
	} {
		got := w.certShare(1, try.path, token, try.data)
		if licences := certificatesIn(w, system, got.Data.CertData); len(licences) != 1 || licences[0]["certificateTypeCode"] != assistanceLicence || licences[0]["certificateIdentifier"] != identifier {
			w.t.Errorf("%s: %+v gave %v", try.path, got.Head, licences)
		}
	}
	w.certShareFiles(token, identifier, holder)
	same := map[string]string{"certificateHolderCode": person.Number, "certificateHolderTypeCode": "111", "certificateHolderName": person.Name}
	other := map[string]string{"certificateHolderCode": person.Number, "certificateHolderTypeCode": "111", "certificateHolderName": "另一人"}
	for name, try := range map[string]struct {
		data map[string]string
		want bool
	}{"the same": {same, true}, "another name": {other, false}} {
		if got := w.certShare(0, "verifyCertInfo", token, map[string]any{"certTypeCode": assistanceLicence, "certData": try.data}); got.Head.Status != 0 || got.Data.Holds != try.want {
			w.t.Errorf("verifying %s: %+v", name, got)
		}
	}
	w.certShareRefuses(token, holder)
}

// certificatesIn decrypts what came by the system's own key.
func certificatesIn(w *world, system *caller, text string) []map[string]string {
	w.t.Helper()
	sealed, err := hex.DecodeString(text)
	if err != nil || text == "" {
		return nil
	}
	plain, err := system.key.Decrypt(sealed, sm.C1C3C2)
	var licences []map[string]string
	if err == nil {
		err = json.Unmarshal(plain, &licences)
	}
	if err != nil {
		w.t.Error(err)
	}
	return licences
}

func (w *world) certShareFiles(token, identifier string, holder func(map[string]any) map[string]any) {
	w.t.Helper()
	got := w.certShare(1, "downloadFile", token, map[string]any{"certIdentifier": identifier})
	w.verifies(got.Data.Content, "the downloaded copy")
	if checked := w.certShare(0, "verifyFile", token, map[string]any{"contentType": "base64", "content": got.Data.Content}); checked.Head.Status != 0 || !checked.Data.Holds {
		w.t.Errorf("verifying the copy: %+v", checked.Head)
	}
	one := w.certShare(0, "downloadUrl", token, map[string]any{"certIdentifier": identifier}).Data.URL
	many := w.certShare(0, "downloadUrlsByHolderCode", token, holder(nil)).Data.URLs
	if one == "" || len(many) != 1 {
		w.t.Fatalf("the addresses: %q %q", one, many)
	}
	for _, address := range []string{one, many[0]} {
		local := w.urls[1] + strings.TrimPrefix(address, w.public)
		if file := fetched(w, local); !bytes.HasPrefix(file, []byte("PK")) {
			w.t.Errorf("the download: %.200s", file)
		}
		if again := fetched(w, local); !bytes.Contains(again, []byte(`"status":10`)) {
			w.t.Errorf("a second download: %.200s", again)
		}
	}
}

func fetched(w *world, address string) []byte {
	w.t.Helper()
	res, err := http.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	file, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return file
}

func (w *world) certShareRefuses(token string, holder func(map[string]any) map[string]any) {
	w.t.Helper()
	for _, c := range []struct {
		name, path, token string
		data              map[string]any
		status            int
		code              string
	}{
		{"a wrong token", "queryCertInfoByHolderCode", "guess", holder(nil), 11, "login-refused"},
		{"number and type do not go together", "queryCertInfoByHolderCode", token, holder(map[string]any{"holderTypeCode": "001"}), 103, "holder-type"},
		{"nobody's number", "queryCertInfoByHolderCode", token, holder(map[string]any{"holderCode": madeUp(5).Number}), 10, "record-missing"},
		{"another number of a licence", "queryCertInfoByHolderCode", token, holder(map[string]any{"certNo": "NONE"}), 10, "record-missing"},
		{"an unknown identifier", "queryCertInfo", token, map[string]any{"certIdentifier": "1.2.156.3005.2.none"}, 10, "record-missing"},
		{"a type that is not granted", "queryCertInfoByHolderCode", token, holder(map[string]any{"certTypeCode": identityCard}), 100, "grant-missing"},
		{"a cause in words", "queryCertInfoByHolderCode", token, holder(map[string]any{"useCause": "补贴"}), 99, "field-invalid"},
		{"a link into the past", "downloadUrlsByHolderCode", token, holder(map[string]any{"expiryTime": "2020-01-01 00:00:00"}), 99, "field-invalid"},
		{"no file", "verifyFile", token, map[string]any{"contentType": "hex", "content": "AA=="}, 99, "field-invalid"},
		{"a code that nobody shows", "queryCertInfoByQRcode", token, map[string]any{"qrcode": "KP1.none"}, 99, ""},
	} {
		got := w.certShare(0, c.path, c.token, c.data)
		if got.Head.Status != c.status || c.code != "" && got.Head.Code != c.code || got.Data.CertData != "" {
			w.t.Errorf("%s: %+v", c.name, got)
		}
	}
}
