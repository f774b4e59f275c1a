package people

import (
	"fmt"
	"strconv"
	"time"
)

const (
	division = "440106" // 广东省广州市天河区
	// How many days of birth are used, and the sequence numbers, lay out the
	// numbers so that the index can be computed back: place i is born on day
	// i mod days, and its sequence number is first + 2 (i div days), one more for
	// men, who have odd ones.
	days          = 20000
	firstSequence = 100
	lastSequence  = 999
)

func firstDay() time.Time { return time.Date(1950, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Most is how many people can be made up.
const Most = days * (lastSequence - firstSequence + 1) / 2

// number is the identity number of a place (0 ≤ place < Most) by GB 11643.
func number(place int) string {
	day := place % days
	born := firstDay().AddDate(0, 0, day)
	return withCheck(fmt.Sprintf("%s%s%03d", division, born.Format("20060102"), firstSequence+place/days*2+parity(day)))
}

// parity makes a man (1) of every second person born on neighbouring days.
func parity(day int) int { return day % 2 }

// withCheck appends the check character, ISO 7064 MOD 11-2.
func withCheck(digits string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

// placeOf computes back which place a number was made from.
func placeOf(number string) (int, bool) {
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
	count := sequence - firstSequence - parity(day)
	return count/2*days + day, count >= 0 && count%2 == 0
}
