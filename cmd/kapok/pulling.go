package main

import (
	"context"
	"fmt"

	"kapok/catalog"
	"kapok/connectors/sqlsource"
	"kapok/gateway/returns"
)

// sqlProtocol is how the catalogue names sources that are databases.
const sqlProtocol = "sql"

// tables opens the views that datasets are pulled from, by the settings of the catalogue's
// sources.
func tables(directory func() *catalog.Catalog, secrets func(name string) (string, error)) func(*returns.Dataset) (returns.Table, error) {
	return func(d *returns.Dataset) (returns.Table, error) {
		source, known := directory().Source(d.Pull.Source)
		if !known || source.Protocol != sqlProtocol {
			return nil, fmt.Errorf("dataset %s is pulled from %s, which is no source of the protocol %s", d.Code, d.Pull.Source, sqlProtocol)
		}
		return sqlsource.OpenTable(directory().Settings(source.ID), secrets, sqlsource.Shape{
			View: d.Pull.View, Columns: d.Sources(), Keys: d.Keys, Watermark: d.Pull.Watermark, Mark: d.Pull.Mark,
		})
	}
}

// checkPulls reports whether the views that a catalogue's datasets are pulled from could be
// opened by their settings.
func checkPulls(directory *catalog.Catalog, secrets func(name string) (string, error)) error {
	open := tables(func() *catalog.Catalog { return directory }, secrets)
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if !served || connection.Protocol != returns.Protocol {
			continue
		}
		d, err := returns.NewDataset(item, connection.Settings)
		if err == nil && d.Pull != nil {
			var table returns.Table
			if table, err = open(d); err == nil {
				err = table.Close()
			}
		}
		if err != nil {
			return fmt.Errorf("item %s: %w", item.Code, err)
		}
	}
	return nil
}

// pull reads a dataset's view now; "whole" as the second word reads all of it.
func (r *returning) pull(ctx context.Context, words []string) error {
	whole := len(words) > 1 && words[1] == "whole"
	if len(words) > 1 && !whole {
		return fmt.Errorf("usage: kapok returns pull DATASET [whole]")
	}
	made, err := r.importer.Pull(ctx, words[0], whole, operator)
	if err != nil {
		return err
	}
	if err := r.importer.LandUploaded(ctx); err != nil {
		return err
	}
	if made, err = r.store.Delivery(ctx, made.ID); err != nil {
		return err
	}
	return r.told(made)
}
