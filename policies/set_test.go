package policies
import "testing"
func TestExampleLoads(t *testing.T){ s,err:=Load(Example()); if err!=nil {t.Fatal(err)}; t.Log(s.Len(), s.Digest()) }
