package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestExampleConfigurationLoads(t *testing.T) {
	c, err := readConfig(filepath.Join("..", "..", "deploy", "kapok.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Node != "node-1" || c.Keys.Lifetime != 12*time.Hour || c.Catalog.Values["OIDC_ISSUER"] == "" {
		t.Errorf("read %+v", c)
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	t.Setenv("KAPOK_DATABASE__URL", "postgres://elsewhere")
	t.Setenv("KAPOK_KEYS__LIFETIME", "1h")
	c, err := readConfig(filepath.Join("..", "..", "deploy", "kapok.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Database.URL != "postgres://elsewhere" || c.Keys.Lifetime != time.Hour {
		t.Errorf("read %+v", c)
	}
}

func TestConfigurationIsRefused(t *testing.T) {
	const sound = "database: {url: postgres://x}\nkeys: {backend: file, folder: /x}\n"
	for _, test := range []struct{ name, text, says string }{
		{"a misspelt setting", sound + "lisen: 1\n", "lisen"},
		{"no database", "keys: {folder: /x}\n", "database.url"},
		{"an unknown backend", "database: {url: x}\nkeys: {backend: paper}\n", "keys.backend"},
		{"a key that lives too long", "database: {url: x}\nkeys: {folder: /x, lifetime: 48h}\n", "keys.lifetime"},
		{"a public address with a path", sound + "public_url: https://x/y\n", "public_url"},
		{"not YAML", "a: [", "configuration"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", "")
			path := filepath.Join(t.TempDir(), "kapok.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readConfig(path)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that names %s", err, test.says)
			}
		})
	}
}
