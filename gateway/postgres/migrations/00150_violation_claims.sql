-- +goose Up

-- Which node is just taking a violation up, so that one correction is filed and not two.
-- A claim that came to nothing ends by itself.
alter table source_violations add column claimed timestamptz;
