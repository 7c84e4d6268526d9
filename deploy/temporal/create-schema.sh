#!/bin/sh
# Creates Temporal's two databases in PostgreSQL, or brings them up to date. The SQL_* variables say where.
set -eu

for database in temporal temporal_visibility; do
  schema=/etc/temporal/schema/postgresql/v12/${database#temporal_}/versioned
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$schema"
done
