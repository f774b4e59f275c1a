// Package predicate is the small language of the operation PREDICATE: a test over
// one field's value, of which only true or false leaves.
//
//	{"field": "birth_date", "test": "age>=", "value": 60}
//	{"field": "status", "test": "in", "value": ["在保", "停保"]}
//	{"field": "last_paid_month", "test": "elapsed<=", "value": "P6M"}
//
// Each test is checked against the field's type in the catalogue before the source is
// asked. There is one test a field and no "or": what cannot be said in it is not asked.
//
// The tests, by the types that they are for:
//
//	present                                 any; takes no value
//	= != in                                 string, integer, decimal, boolean, date, month, datetime
//	< <= > >= between                       integer, decimal, date, month, datetime; between takes two, both included
//	age< age<= age> age>= age-between       date; full years (周岁), completed on the birthday
//	elapsed< elapsed<= elapsed> elapsed>=   date, month, datetime; a period such as P1Y6M or P30D
//
// A value that the source does not hold passes no test, != neither.
//
// The package knows neither catalogue, requests nor policies; whoever calls it brings
// the type, the value and the time.
package predicate
