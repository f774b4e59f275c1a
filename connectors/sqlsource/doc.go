// Package sqlsource asks a department's database: PostgreSQL, MySQL or MariaDB. It
// reads one view by one column, in a read-only transaction, with the subject's number
// as a parameter and a time after which the database itself gives the statement up.
//
//	dialect: postgres             # postgres | mysql | mariadb
//	host: db.example              # or the folder (postgres) or file (mysql) of a socket
//	port: "5432"                  # default: the dialect's own
//	database, user                # an account that may read the views and nothing else
//	password: civil-db            # the name of a secret
//	tls: verify                   # default; off: only for a socket, or with unencrypted: accepted
//	tls_ca: civil-db-ca           # the name of a secret: PEM of the authority; default: the system's
//	views: share.v_a,share.v_b    # all that the source lets Kapok read: the allow list, said once by the source
//	view: share.v_a               # of the item; must stand in views, and be a view
//	columns: idcard,name,state    # of the item; nothing else is selected
//	subject_column: idcard        # the record's name for the subject's number
//	lookup_column: idcard_key     # what is compared with the number (default: subject_column)
//	as_of_column: updated_at      # since when a row is true; absent: it is not said
//	statement_timeout: 2s
//	connections: "8"              # of one item, for one node
//
// Times without a zone are Beijing time. Values are text, numbers, true and false,
// days and times; a column of any other type is the source's fault, not a value.
package sqlsource
