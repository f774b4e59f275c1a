package verify

import (
	"errors"
	"fmt"
	"strings"

	"kapok/gateway/licence/ofd"
)

func words(zh, en string, args ...any) Words {
	return Words{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// reasons say in Chinese why a part was refused; the English words are the error's.
var reasons = []struct {
	err error
	zh  string
}{
	{ofd.ErrLimit, "超出处理上限，未予处理"},
	{ofd.ErrContainer, "容器不能无歧义地读取"},
	{ofd.ErrPath, "路径指向容器之外"},
	{ofd.ErrXML, "XML 文件不能读取"},
	{ofd.ErrMissing, "所指文件不存在"},
}

// refused is a step that ended because a part could not be read: never a failure, as
// it may be this program that is at fault.
func refused(name string, err error) Step {
	zh := "不能读取"
	for _, reason := range reasons {
		if errors.Is(err, reason.err) {
			zh = reason.zh
		}
	}
	en := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "ofd: "), "eseal: ")
	return Step{name, Undecided, Words{zh + "（" + en + "）", "refused: " + en}}
}
