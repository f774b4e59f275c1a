package exchange

import "testing"

func TestMasked(t *testing.T) {
	for _, test := range []struct{ field, value, want string }{
		{"id_number", "11010519491231002X", "110105********002X"},
		{"phone", "13000000000", "130****0000"},
		{"name", "测试甲", "测**"},
		{"name", "甲", "*"},
		{"phone", "1234567", "*******"},
		{"never-heard-of", "value", "*****"},
		{"phone", "", ""},
	} {
		if got := masked(test.field, test.value); got != test.want {
			t.Errorf("masked(%s) = %q, want %q", test.field, got, test.want)
		}
	}
}
