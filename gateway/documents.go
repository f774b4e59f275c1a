package gateway

import (
	"fmt"
	"regexp"
	"slices"
)

// residenceRegions are the first six digits of a residence permit of residents of
// Hong Kong, Macao and Taiwan (港澳台居民居住证申领发放办法, 2018).
var residenceRegions = []string{"810000", "820000", "830000"}

func checkResidencePermit(number string) error {
	if err := checkCitizenID(number); err != nil {
		return fmt.Errorf("a residence permit's number is made as a citizen's: %w", err)
	}
	if !slices.Contains(residenceRegions, number[:6]) {
		return fmt.Errorf("the number of a residence permit begins with 810000, 820000 or 830000")
	}
	return nil
}

// The forms below have no check character that is published, or several that issuers
// disagree on: only the form is checked, so that no real document is refused.
var (
	passportForm  = regexp.MustCompile(`^[0-9A-Z]{5,20}$`)
	taiwanForm    = regexp.MustCompile(`^([0-9]{8}|[0-9]{10}(\([A-Z]\)|[A-Z])?)$`) // since 2015 8 digits; before, 10 and a letter
	hongKongForm  = regexp.MustCompile(`^[HM][0-9]{8}([0-9]{2})?$`)                // the last two count renewals
	permanentForm = regexp.MustCompile(`^[A-Z]{3}[0-9]{11}[0-9X]$`)                // until 2017: nation, region, birth, serial, check
	permanentNew  = regexp.MustCompile(`^9[0-9]{5}(19|20)[0-9]{9}[0-9X]$`)         // since 2023: 9, region, nation, birth, serial, check
	errPermanent  = "the number of a foreigner's permanent residence card has 15 characters (3 letters first) or 18 (9 first, with the check character of GB 11643)"
)

func checkPassport(number string) error {
	return formOf(passportForm, number, "a passport's number has 5 to 20 capitals and digits")
}

func checkTaiwanPermit(number string) error {
	return formOf(taiwanForm, number, "the number of a Taiwan resident's permit has 8 digits, or 10 and a letter in its older form")
}

func checkHongKongMacaoPermit(number string) error {
	return formOf(hongKongForm, number, "the number of a Hong Kong or Macao resident's permit is H or M and 8 digits, with 2 more where it was renewed")
}

func checkPermanentResidence(number string) error {
	if permanentForm.MatchString(number) {
		return nil
	}
	if err := formOf(permanentNew, number, errPermanent); err != nil {
		return err
	}
	if checkCitizenID(number) != nil {
		return fmt.Errorf("%s", errPermanent)
	}
	return nil
}

func formOf(form *regexp.Regexp, number, says string) error {
	if !form.MatchString(number) {
		return fmt.Errorf("%s", says)
	}
	return nil
}
