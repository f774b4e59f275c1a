-- +goose Up

-- Who proposes an emergency access and who approves it are two people, not two accounts of
-- one: the proposer's own reference, where the identity provider vouches for one.
alter table basis_requests add column proposed_person text not null default '';
