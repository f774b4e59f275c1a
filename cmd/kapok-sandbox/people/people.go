package people

import (
	"fmt"
	"strconv"
	"time"
)

// Named is how many citizens have names of their own; those after them, made
// for load tests, are numbered.
const Named = 20

const stems = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"

// Person is a citizen who does not exist.
type Person struct {
	Index  int
	Number string // 公民身份号码
	Name   string
	Born   time.Time
	Male   bool
}

// Register is the citizens there are.
type Register struct{ size int }

// NewRegister makes up size citizens, at least the [Named] ones.
func NewRegister(size int) (Register, error) {
	if size > Most {
		return Register{}, fmt.Errorf("at most %d citizens can be made up", Most)
	}
	return Register{size: max(size, Named)}, nil
}

// Size is how many citizens there are.
func (r Register) Size() int { return r.size }

// At returns the citizen of an index below [Register.Size].
func (r Register) At(i int) Person {
	place := spread(i)
	made := number(place)
	return Person{
		Index:  i,
		Number: made,
		Name:   name(i),
		Born:   firstDay().AddDate(0, 0, place%days),
		Male:   (made[16]-'0')%2 == 1,
	}
}

// After returns somebody else.
func (r Register) After(p Person) Person { return r.At((p.Index + 1) % r.size) }

// Find returns the citizen of an identity number.
func (r Register) Find(number string) (Person, bool) {
	place, ok := placeOf(number)
	if !ok {
		return Person{}, false
	}
	i := gather(place)
	if i >= r.size {
		return Person{}, false
	}
	return r.At(i), true
}

func name(i int) string {
	if i < Named {
		return "测试" + string([]rune(stems)[i])
	}
	return "测试" + strconv.Itoa(i)
}

// The first citizen is born in 1985. Neighbours are born years apart, so that the
// named ones are of all ages: stride is prime to days, and unstride is its inverse
// modulo days.
const (
	firstBorn = 12800 // days after firstDay
	stride    = 7919
	unstride  = 17679
)

// spread turns an index into a place, and gather a place into an index.
func spread(i int) int { return i/days*days + (i%days*stride+firstBorn)%days }

func gather(place int) int { return place/days*days + (place%days+days-firstBorn)*unstride%days }
