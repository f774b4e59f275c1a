package people

import (
	"fmt"
	"strconv"
	"time"
)

const (
	division = "440106" // 广东省广州市天河区
	// The first day of birth, how many days are used, and the first sequence
	// number, lay out the numbers: index i is born on day i mod days with the
	// sequence number first + i div days, so that the index can be computed back.
	days          = 20000
	firstSequence = 100
	lastSequence  = 999
)

func firstDay() time.Time { return time.Date(1950, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Most is how many people can be made up.
const Most = days * (lastSequence - firstSequence + 1)

// number is the identity number of index i (0 ≤ i < Most) by GB 11643.
func number(i int) string {
	born := firstDay().AddDate(0, 0, i%days)
	return withCheck(fmt.Sprintf("%s%s%03d", division, born.Format("20060102"), firstSequence+i/days))
}

// withCheck appends the check character, ISO 7064 MOD 11-2.
func withCheck(digits string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

// index computes back which index a number was made from.
func index(number string) (int, bool) {
	if len(number) != 18 || number[:6] != division {
		return 0, false
	}
	born, err := time.Parse("20060102", number[6:14])
	if err != nil {
		return 0, false
	}
	sequence, err := strconv.Atoi(number[14:17])
	if err != nil || sequence < firstSequence {
		return 0, false
	}
	day := int(born.Sub(firstDay()).Hours() / 24)
	if day < 0 || day >= days || withCheck(number[:17]) != number {
		return 0, false
	}
	return (sequence-firstSequence)*days + day, true
}
