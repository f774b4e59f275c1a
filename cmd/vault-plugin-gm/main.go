// Command vault-plugin-gm is a Vault secrets engine for SM2: keys that never
// leave Vault, signatures one at a time or in batches, and certificates issued by
// role. Vault starts it; README.md says how it is registered and used.
//
// It must not know the gateway: it serves whoever Vault's policies let in.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/vault/sdk/plugin"

	"kapok/cmd/vault-plugin-gm/engine"
	"kapok/crypto/sm"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vault-plugin-gm:", err)
		os.Exit(1)
	}
}

// run tests the algorithms first, as GM/T 0028 asks of a module: an engine that
// fails its known answers never serves. Vault 1.12 and later bring the TLS of the
// connection themselves.
func run() error {
	if err := sm.SelfTest(); err != nil {
		return err
	}
	return plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: engine.Factory})
}
