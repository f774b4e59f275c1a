package bench

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"kapok/catalog"
	"kapok/gateway"
)

const (
	callers  = "tianhe-minzheng" // the department of all calling systems
	replaced = "systems.yaml grants.yaml templates.yaml"
	fastest  = 1_000_000 // requests a second that a grant allows
)

type systemRecord struct {
	ID         string `yaml:"id"`
	Department string `yaml:"department"`
	Name       string `yaml:"name"`
}

type grantRecord struct {
	ID             string              `yaml:"id"`
	Department     string              `yaml:"department"`
	System         string              `yaml:"system"`
	Item           string              `yaml:"item"`
	ItemVersion    int                 `yaml:"item_version"`
	Fields         []string            `yaml:"fields"`
	Operations     []gateway.Operation `yaml:"operations"`
	ServiceItems   []string            `yaml:"service_items"`
	Purposes       []string            `yaml:"purposes"`
	LegalProvision string              `yaml:"legal_provision"`
	RatePerSecond  int                 `yaml:"rate_per_second"`
	From           string              `yaml:"from"`
	Expires        string              `yaml:"expires"`
}

// writeCatalogue makes a folder with the example catalogue in which the calling
// systems and their grants are those of the load, and reads it back.
func writeCatalogue(folder string, systems []system, values map[string]string) (*catalog.Catalog, error) {
	if err := copyExample(folder); err != nil {
		return nil, fmt.Errorf("bench: the catalogue: %w", err)
	}
	var records struct {
		Systems []systemRecord `yaml:"systems"`
		Grants  []grantRecord  `yaml:"grants"`
	}
	now := time.Now()
	for i, one := range systems {
		records.Systems = append(records.Systems, systemRecord{ID: one.id, Department: callers, Name: fmt.Sprintf("测试业务系统%d", i)})
		records.Grants = append(records.Grants, grantRecord{
			ID: "grant-" + one.id, Department: callers, System: one.id, Item: item, ItemVersion: 1,
			Fields: granted, Operations: []gateway.Operation{gateway.View}, ServiceItems: []string{matter},
			Purposes: []string{purpose}, LegalProvision: "social-assistance-58", RatePerSecond: fastest,
			From: now.AddDate(0, 0, -1).Format(time.RFC3339), Expires: now.AddDate(1, 0, 0).Format(time.RFC3339),
		})
	}
	content, err := yaml.Marshal(records)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "bench.yaml"), content, 0o600); err != nil {
		return nil, err
	}
	return catalog.Load(os.DirFS(folder), values)
}

// copyExample copies the example without its systems, grants and templates.
func copyExample(folder string) error {
	example := catalog.Example()
	return fs.WalkDir(example, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(folder, filepath.FromSlash(name))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		if strings.Contains(replaced, name) || filepath.Ext(name) != ".yaml" {
			return nil
		}
		content, err := fs.ReadFile(example, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
}
