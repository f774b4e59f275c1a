package policies

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"kapok/gateway"
)

// drawn changes a few things of the base request at random: now and then it is
// still allowed, mostly something is wrong.
func drawn(base Input, random *rand.Rand) Input {
	in := base
	grant, basis := *base.Grant, *base.Basis
	in.Grant, in.Basis = &grant, &basis
	for range random.IntN(3) {
		changes[random.IntN(len(changes))](&in, random)
	}
	if random.IntN(50) == 0 {
		in.Grant = nil
	}
	if random.IntN(50) == 0 {
		in.Basis = nil
	}
	return in
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

var changes = []func(*Input, *rand.Rand){
	func(in *Input, r *rand.Rand) { in.Now = in.Now.Add(time.Duration(r.IntN(4000)-2000) * time.Hour) },
	func(in *Input, r *rand.Rand) { in.Ask.Operation = pick(r, append(gateway.Operations(), "STEAL")...) },
	func(in *Input, r *rand.Rand) { in.Ask.Fields = someFields(r) },
	func(in *Input, r *rand.Rand) { in.Basis.Fields = someFields(r) },
	func(in *Input, r *rand.Rand) { in.Grant.Fields = someFields(r) },
	func(in *Input, r *rand.Rand) { in.Ask.CaseNo = pick(r, "DB-1", "DB-2") },
	func(in *Input, r *rand.Rand) { in.Basis.CaseNo = pick(r, "", "DB-1") },
	func(in *Input, r *rand.Rand) { in.Basis.Kind, in.Basis.Subject = pick(r, kinds...), in.Subject },
	func(in *Input, r *rand.Rand) { in.Basis.State = pick(r, "ACTIVE", "PAUSED", "WITHDRAWN", "") },
	func(in *Input, r *rand.Rand) { in.Ask.Purpose = pick(r, "assistance-recheck", "fun") },
	func(in *Input, r *rand.Rand) { in.Basis.Purpose = pick(r, "assistance-recheck", "fun") },
	func(in *Input, r *rand.Rand) { in.Subject = pick(r, "someone", in.Subject) },
	func(in *Input, r *rand.Rand) { in.Item.SharedType = pick(r, "无条件", "有条件", "不予", "") },
	func(in *Input, r *rand.Rand) { in.Item.Version = pick(r, 1, 2) },
	func(in *Input, r *rand.Rand) { in.System.Department = pick(r, "tianhe-minzheng", "tianhe-renshe") },
}

func someFields(r *rand.Rand) []string {
	all := []string{"name", "id_number", "sex", "household_address", "state", "phone", "shoe_size"}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+r.IntN(len(all))]
}

func eachDrawn(t *testing.T, try func(in Input)) {
	t.Helper()
	base := baseInput(t)
	random := rand.New(rand.NewPCG(20260301, 5))
	for range 5_000 {
		try(drawn(base, random))
	}
}

// failing are policies that pass the schema and fail when evaluated: a sum past
// the range of Long. Cedar alone would skip them.
var failing = map[string]string{
	"a permit":    `permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };`,
	"a forbid":    `@remedy_zh("无") @remedy_en("none") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };`,
	"an unless":   `@remedy_zh("无") @remedy_en("none") forbid (principal, action, resource) unless { 9223372036854775807 + 1 > 0 };`,
	"a duty":      `@obligation("notify") permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };`,
	"of a system": `permit (principal == System::"tianhe-minzheng-dibao", action, resource) when { 9223372036854775807 + 1 > 0 };`,
	"of an item":  `permit (principal, action, resource == Item::"1010010001/000001") when { 9223372036854775807 + 1 > 0 };`,
}

// TestNeverAllowedWithAFailingPolicy: whatever is asked, a policy that fails to
// evaluate turns yes into no, and changes no refusal but that of the policies.
func TestNeverAllowedWithAFailingPolicy(t *testing.T) {
	sound := exampleSet(t)
	for name, policy := range failing {
		files := exampleFiles(t)
		files["district/failing.cedar"] = &fstest.MapFile{Data: []byte("// 依据: 测试\n@id(\"failing\") @zh(\"测试\") @en(\"test\") " + policy)}
		set, err := Load(files)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		turned := 0
		eachDrawn(t, func(in Input) {
			before, d := sound.Decide(in), set.Decide(in)
			if d.Allowed {
				t.Fatalf("%s: allowed", name)
			}
			if before.Allowed && d.Code == PolicyError {
				turned++
			}
		})
		if turned == 0 {
			t.Errorf("%s: no request was allowed before, so nothing was shown", name)
		}
	}
}

// TestAllowedMeansContained restates the promise without the tables: what is
// allowed lies within basis, grant and catalogue, at a time when both hold.
func TestAllowedMeansContained(t *testing.T) {
	set, allowed := exampleSet(t), 0
	eachDrawn(t, func(in Input) {
		if !set.Decide(in).Allowed {
			return
		}
		allowed++
		for _, name := range in.Ask.Fields {
			if !slices.Contains(in.Basis.Fields, name) || !slices.Contains(in.Grant.Fields, name) || in.Item.field(name) == nil {
				t.Fatalf("%s was allowed", name)
			}
		}
		for _, window := range [][2]time.Time{{in.Grant.From, in.Grant.Expires}, {in.Basis.From, in.Basis.Expires}} {
			if in.Now.Before(window[0]) || !in.Now.Before(window[1]) {
				t.Fatal("allowed outside its time")
			}
		}
		if in.Basis.State != "ACTIVE" || in.Item.SharedType == "不予" || in.Ask.Purpose != in.Basis.Purpose {
			t.Fatal("allowed without a basis in force for this purpose")
		}
	})
	if allowed < 100 {
		t.Errorf("only %d requests were allowed: the draw shows too little", allowed)
	}
}

// TestDroppingTheExcessHelps follows the remedy of every excess: without the named
// fields the same request is no longer refused for them.
func TestDroppingTheExcessHelps(t *testing.T) {
	set, followed := exampleSet(t), 0
	eachDrawn(t, func(in Input) {
		d := set.Decide(in)
		if len(d.Excess) == 0 {
			return
		}
		in.Ask.Fields = without(in.Ask.Fields, d.Excess)
		in.Basis.Fields = without(in.Basis.Fields, d.Excess)
		in.Grant.Fields = without(in.Grant.Fields, d.Excess)
		if again := set.Decide(in); again.Code == d.Code && slices.Equal(again.Excess, d.Excess) {
			t.Fatalf("dropping %v did not help: %s", d.Excess, again.Code)
		}
		followed++
	})
	if followed < 100 {
		t.Errorf("only %d remedies were followed", followed)
	}
}

// TestDecideIsPure: the same input gives the same decision, and stays as it was.
func TestDecideIsPure(t *testing.T) {
	set := exampleSet(t)
	eachDrawn(t, func(in Input) {
		if first, second := set.Decide(in).Text(), set.Decide(in).Text(); first != second {
			t.Fatalf("two decisions of one input:\n%s\n%s", first, second)
		}
	})
}

func TestKindsAreTheSchemas(t *testing.T) {
	l := loader{folder: Example()}
	if err := l.schema(); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, value := range l.types.Enums[basisType].Values {
		listed = append(listed, string(value.ID))
	}
	if !slices.Equal(listed, kinds) {
		t.Errorf("schema has %v, the rules have %v", listed, kinds)
	}
}

func TestFittestGrant(t *testing.T) {
	in := baseInput(t)
	expired, otherMatter, narrow, right := *in.Grant, *in.Grant, *in.Grant, *in.Grant
	expired.Expires = in.Now
	otherMatter.ServiceItems = []string{"another"}
	narrow.Fields = []string{"name"}
	cases := []struct {
		name   string
		grants []*Grant
		want   *Grant
	}{
		{"none", nil, nil},
		{"only an expired one", []*Grant{&expired}, &expired},
		{"its renewal", []*Grant{&expired, &right}, &right},
		{"for the matter", []*Grant{&otherMatter, &right}, &right},
		{"with the fields", []*Grant{&narrow, &right}, &right},
		{"the one nearest to fitting", []*Grant{&expired, &otherMatter}, &otherMatter},
	}
	for _, c := range cases {
		if got := Fittest(in, c.grants); got != c.want {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func TestMentions(t *testing.T) {
	want := []Mention{
		{"tianhe-minzheng-keeps-household", "Department", "tianhe-minzheng"},
		{"tianhe-minzheng-keeps-household", "Item", "1010010001/000001"},
		{"tianhe-renshe-keeps-assistance-licence", "Department", "tianhe-renshe"},
		{"tianhe-renshe-keeps-assistance-licence", "Item", "2030010006/000001"},
	}
	if got := exampleSet(t).Mentions(); !slices.Equal(got, want) {
		t.Errorf("mentions = %v", got)
	}
}
