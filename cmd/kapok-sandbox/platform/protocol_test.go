package platform

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/people"
)

const (
	testRID = "rid-sd"
	testKey = "test-appkey-0001"
	testSID = "sid-mps-household-0001"
	// testAESKey is the protocol's vector for testKey, computed outside this program.
	testAESKey = "ead75b124ba3d13594fa365aa16138d7"
)

// The protocol's vector for signatures.
func TestSignatureVector(t *testing.T) {
	who := proof{SID: "sid-cat-001", RID: "rid-sd", RTime: "1700000000000", Sign: "lSXFnaVS+CNcrVzGJU3em4zKe6cLvL4YBU7OKEqa1Wg="}
	if !who.signedBy("secret-x") {
		t.Error("the vector is refused")
	}
	if who.signedBy("secret-y") {
		t.Error("another key made the same signature")
	}
}

// The protocol's vectors for sealed secrets.
func TestSealingVectors(t *testing.T) {
	vectors := map[string]string{
		"cbc": "tRgYlSjgzxUuKBdMNZnmIGTZP2I/KMnuH0HtxHEdZi4=",
		"ecb": "LkmO6sxlQxNEdcBhVfFo2pvQA7QtKznkzWAMd9dvCTE=",
	}
	for name, want := range vectors {
		got, err := sealSecret(testKey, "test-appsecret-0001", sealers[name])
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}

// start runs a platform on a socket.
func start(t *testing.T, life time.Duration) string {
	t.Helper()
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	board := faults.NewBoard()
	p, err := New(Config{RID: testRID, AppKey: testKey, Cipher: "cbc", SecretLife: life, People: register, Faults: board})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Routes(mux)
	board.Routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func prove(key string, at time.Time) proof {
	p := proof{RID: testRID, SID: testSID, RTime: strconv.FormatInt(at.UnixMilli(), 10)}
	p.resign(key)
	return p
}

func (p *proof) resign(key string) {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(p.SID + p.RID + p.RTime))
	p.Sign = base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

type answer struct {
	Code string          `json:"code"`
	Data json.RawMessage `json:"data"`
}

func post(t *testing.T, address string, header http.Header, body any) answer {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var read answer
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatalf("status %d: %s", res.StatusCode, text)
	}
	return read
}

func exchange(t *testing.T, url string, who proof) answer {
	t.Helper()
	return post(t, url+"/gjgxjhpt/key", http.Header{}, who)
}

// borrow exchanges keys as a consumer does, with an AES of the test's own.
func borrow(t *testing.T, url string) string {
	t.Helper()
	got := exchange(t, url, prove(testKey, time.Now()))
	if got.Code != "0" {
		t.Fatalf("code %s", got.Code)
	}
	var lent struct{ Secret, SecretEndTime string }
	if err := json.Unmarshal(got.Data, &lent); err != nil {
		t.Fatal(err)
	}
	sealed, err := base64.StdEncoding.DecodeString(lent.Secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(testAESKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCDecrypter(block, []byte("AESCBCPKCS5Paddi")).CryptBlocks(sealed, sealed)
	return string(sealed[:len(sealed)-int(sealed[len(sealed)-1])])
}

func call(t *testing.T, url string, who proof, question any) answer {
	t.Helper()
	header := http.Header{}
	header.Set("gjgxjhpt_rid", who.RID)
	header.Set("gjgxjhpt_sid", who.SID)
	header.Set("gjgxjhpt_rtime", who.RTime)
	header.Set("gjgxjhpt_sign", who.Sign)
	return post(t, url+"/gjgxjhpt/service", header, question)
}

func TestCallWithBorrowedSecret(t *testing.T) {
	url := start(t, time.Minute)
	secret := borrow(t, url)
	register, err := people.NewRegister(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range register.Size() {
		person := register.At(i)
		got := call(t, url, prove(secret, time.Now()), map[string]string{"GMSFHM": person.Number})
		if got.Code != "0" || !strings.Contains(string(got.Data), person.Number) || !strings.Contains(string(got.Data), person.Name) {
			t.Errorf("citizen %d: code %s, %s", i, got.Code, got.Data)
		}
	}
	got := call(t, url, prove(secret, time.Now()), map[string]string{"GMSFHM": "11010519491231002X"})
	if got.Code != "0" || !strings.Contains(string(got.Data), `"records":[]`) {
		t.Errorf("a stranger: code %s, %s", got.Code, got.Data)
	}
}

func TestKeyExchangeRefused(t *testing.T) {
	url := start(t, time.Minute)
	stranger, elsewhere := prove(testKey, time.Now()), prove(testKey, time.Now())
	stranger.RID = "rid-another"
	stranger.resign(testKey)
	elsewhere.SID = "sid-nobody-knows"
	elsewhere.resign(testKey)
	undated := proof{RID: testRID, SID: testSID, RTime: "yesterday"}
	undated.resign(testKey)
	cases := []struct {
		name, code string
		who        proof
	}{
		{"wrong key", "E-106", prove("another", time.Now())},
		{"no signature", "E-106", proof{RID: testRID, SID: testSID, RTime: strconv.FormatInt(time.Now().UnixMilli(), 10)}},
		{"unknown consumer", "E-106", stranger},
		{"unknown interface", "E-106", elsewhere},
		{"too old", "E-107", prove(testKey, time.Now().Add(-6*time.Minute))},
		{"from the future", "E-107", prove(testKey, time.Now().Add(6*time.Minute))},
		{"no time", "E-107", undated},
	}
	for _, c := range cases {
		if got := exchange(t, url, c.who); got.Code != c.code || string(got.Data) != "null" {
			t.Errorf("%s: code %s with %s, want %s", c.name, got.Code, got.Data, c.code)
		}
	}
}

func TestCallRefused(t *testing.T) {
	url := start(t, time.Minute)
	secret := borrow(t, url)
	right := map[string]string{"GMSFHM": "11010519491231002X"}
	another := prove(secret, time.Now())
	another.SID = "sid-mca-assistance-0002"
	another.resign(secret)
	cases := []struct {
		name, code string
		who        proof
		question   any
	}{
		{"signed with the app key", "E-106", prove(testKey, time.Now()), right},
		{"a secret of another interface", "E-106", another, right},
		{"too old", "E-107", prove(secret, time.Now().Add(-6*time.Minute)), right},
		{"no parameter", "E-201", prove(secret, time.Now()), map[string]string{"XM": "测试甲"}},
		{"no object", "E-201", prove(secret, time.Now()), "11010519491231002X"},
	}
	for _, c := range cases {
		if got := call(t, url, c.who, c.question); got.Code != c.code || string(got.Data) != "null" {
			t.Errorf("%s: code %s with %s, want %s", c.name, got.Code, got.Data, c.code)
		}
	}
}

// An older secret serves to its own end beside a newer one, and no longer.
func TestSecretsOverlap(t *testing.T) {
	url := start(t, 400*time.Millisecond)
	first := borrow(t, url)
	if again := borrow(t, url); again != first {
		t.Error("a fresh secret was replaced at once")
	}
	time.Sleep(250 * time.Millisecond)
	second := borrow(t, url)
	if second == first {
		t.Error("a secret past half of its life was lent again")
	}
	question := map[string]string{"GMSFHM": "11010519491231002X"}
	if got := call(t, url, prove(first, time.Now()), question); got.Code != "0" {
		t.Errorf("the older secret: %s", got.Code)
	}
	time.Sleep(200 * time.Millisecond)
	if got := call(t, url, prove(first, time.Now()), question); got.Code != "E-106" {
		t.Errorf("the ended secret: %s", got.Code)
	}
	if got := call(t, url, prove(second, time.Now()), question); got.Code != "0" {
		t.Errorf("the newer secret: %s", got.Code)
	}
}

func TestOrdersAreChecked(t *testing.T) {
	url := start(t, time.Minute)
	for _, body := range []string{`{`, `{"sid":"sid-nobody-knows","kind":"500"}`, `{"sid":"sid-mps-household-0001","kind":"earthquake"}`} {
		res, err := http.Post(url+"/_sandbox/faults", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, res.StatusCode)
		}
	}
}

// Every record answers what the example catalogue says of its interface: each field
// is there, and its value is one that the catalogue accepts.
func TestRecordsOfTheCatalogue(t *testing.T) {
	register, err := people.NewRegister(100)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": "http://127.0.0.1:8641"})
	if err != nil {
		t.Fatal(err)
	}
	described := 0
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served || connection.Protocol != "gjgxjhpt" {
			continue
		}
		asked, known := interfaces[connection.Settings["sid"]]
		if !known || asked.param != connection.Settings["subject_param"] {
			t.Errorf("%s: the sandbox has no interface %s with the parameter %s", item.Name, connection.Settings["sid"], connection.Settings["subject_param"])
			continue
		}
		described++
		held := 0
		for i := range register.Size() {
			if record := asked.record(register.At(i)); record != nil {
				held++
				checkRecord(t, item, register.At(i), record)
			}
		}
		if held < 50 {
			t.Errorf("%s: %d of 100 citizens are held", item.Name, held)
		}
	}
	if described != len(interfaces) {
		t.Errorf("the catalogue describes %d of %d interfaces", described, len(interfaces))
	}
}

func checkRecord(t *testing.T, item *catalog.Item, person people.Person, record any) {
	t.Helper()
	encoded, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	members := map[string]any{}
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	if len(members) != len(item.Fields) {
		t.Errorf("%s: the record has %d fields, the catalogue %d", item.Name, len(members), len(item.Fields))
	}
	for _, field := range item.Fields {
		value, held := members[field.SourceName]
		if value == nil {
			value = ""
		}
		if !held || !field.Accepts(fmt.Sprint(value)) {
			t.Errorf("%s: %s is %v", item.Name, field.SourceName, value)
		}
		if field.Name == "id_number" && value != person.Number || field.Name == "name" && value != person.Name {
			t.Errorf("%s: citizen %d's record is about somebody else", item.Name, person.Index)
		}
	}
}
