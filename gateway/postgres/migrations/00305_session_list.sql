-- +goose Up

-- A person sees where they are signed in. device is what kind of thing it is, in a few
-- words, never what the browser sent.
alter table sessions add column device text not null default '' check (length(device) <= 40);
create index sessions_of_person on sessions (subject_ref, issuer, subject);
