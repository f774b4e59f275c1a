-- +goose Up

-- What departments have tested (operation PREDICATE) of one field of one person, so
-- that many tests do not amount to the value. tried holds digests, never a value.
create table predicate_books (
    subject_ref  text collate "C" not null,
    department   text collate "C" not null,
    item         text collate "C" not null,
    field        text collate "C" not null,
    tried        jsonb            not null default '[]',
    refused      integer          not null default 0, -- tries that looked like a search
    last_refused timestamptz,
    primary key (subject_ref, department, item, field)
);
comment on table predicate_books is 'Distribution column: subject_ref.';
create index predicate_books_refused on predicate_books (last_refused) where last_refused is not null;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on predicate_books to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
