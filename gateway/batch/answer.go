package batch

import (
	"encoding/json"

	"kapok/gateway"
	"kapok/gateway/exchange"
)

// queried is one person's result of a query.
type queried struct {
	Position int             `json:"position"` // in the order's subjects, from 0
	Exchange json.RawMessage `json:"exchange"` // as POST /v1/exchanges answers it
}

// eligible is one person's result of an eligibility question: whether all conditions
// are met, and what proves that each was asked. Which one failed is not said, so the
// salts that would open the receipts' commitments stay here.
type eligible struct {
	Position int     `json:"position"`
	Meets    bool    `json:"meets"`
	Asked    []asked `json:"asked"`
}

type asked struct {
	ExchangeID string          `json:"exchange_id"`
	Receipt    json.RawMessage `json:"receipt"`
}

// refused is the result of a person about whom nothing was released.
type refused struct {
	Position int     `json:"position"`
	Problem  problem `json:"problem"`
}

type problem struct {
	Code      string   `json:"code"`
	Detail    string   `json:"detail"`
	Field     string   `json:"field,omitempty"`
	Fields    []string `json:"fields,omitempty"`
	Remedy    string   `json:"remedy,omitempty"`
	Exchanges []string `json:"exchanges,omitempty"` // references of what the ledger holds
}

func problemOf(failure *gateway.Error, refs []string) problem {
	return problem{
		Code: failure.Code, Detail: failure.Message, Field: failure.Field, Fields: failure.Fields, Remedy: failure.Remedy, Exchanges: refs,
	}
}

var answers = map[Kind]func(position int, made []exchange.Made) (json.RawMessage, error){
	Query: func(position int, made []exchange.Made) (json.RawMessage, error) {
		return json.Marshal(queried{position, made[0].Body})
	},
	Eligibility: meetsAll,
}

func meetsAll(position int, made []exchange.Made) (json.RawMessage, error) {
	whole := eligible{Position: position, Meets: true}
	for _, one := range made {
		var answered struct {
			ExchangeID string          `json:"exchange_id"`
			Data       map[string]bool `json:"data"`
			Receipt    json.RawMessage `json:"receipt"`
		}
		if err := json.Unmarshal(one.Body, &answered); err != nil {
			return nil, err
		}
		for _, holds := range answered.Data {
			whole.Meets = whole.Meets && holds
		}
		whole.Asked = append(whole.Asked, asked{answered.ExchangeID, answered.Receipt})
	}
	return json.Marshal(whole)
}
