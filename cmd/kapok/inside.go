package main

import (
	"time"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/gateway/licensing"
	"kapok/gateway/returns"
)

// within are the protocols whose data lies in Kapok itself.
func (n *node) within() inside {
	return inside{returns.Protocol: n.openReturned, licensing.Protocol: n.openLicences}
}

// openReturned serves a dataset that was returned in batches.
func (n *node) openReturned(item *catalog.Item, settings map[string]string) (connectors.Connector, error) {
	dataset, err := returns.NewDataset(item, settings)
	if err != nil {
		return nil, err
	}
	return returns.NewConnector(dataset, n.database.Returns(), n.people(), n.keyring.Persons(), time.Now), nil
}

// openLicences serves the licences of one type.
func (n *node) openLicences(_ *catalog.Item, settings map[string]string) (connectors.Connector, error) {
	return n.licences.Source(settings), nil
}
