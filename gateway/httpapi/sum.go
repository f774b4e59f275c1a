//go:build ignore

// Command sum notes what api.gen.go was made from, so that a test without a network
// can tell when it is out of date.
package main

import (
	"fmt"
	"log"
	"os"

	"kapok/crypto/sm"
)

func main() {
	var parts [][]byte
	for _, name := range []string{"openapi.yaml", "generate.yaml", "generate-overlay.yaml", "api.gen.go"} {
		content, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		parts = append(parts, content)
	}
	if err := os.WriteFile("api.gen.sum", fmt.Appendf(nil, "%x\n", sm.Sum(parts...)), 0o644); err != nil {
		log.Fatal(err)
	}
}
