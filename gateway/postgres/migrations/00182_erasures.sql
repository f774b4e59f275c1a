-- +goose Up

-- When a basis in force expires, and when a request that waits lapses; the row goes
-- with the end. What lies in the past is a job's to end.
create table basis_ends (
    basis_id text        primary key,
    ends_at  timestamptz not null
);
comment on table basis_ends is 'Distribution column: basis_id.';
create index basis_ends_due on basis_ends (ends_at);
insert into basis_ends (basis_id, ends_at)
select basis_id, (convert_from(document, 'UTF8')::jsonb -> 'validity' ->> 'expires')::timestamptz from bases
where (select state from basis_events e where e.basis_id = bases.basis_id order by seq desc limit 1) in ('ACTIVE', 'PAUSED', 'SUSPENDED');

-- What a recipient was told to erase when a basis ended, and what it signed about it.
create table erasure_orders (
    system_id    text        not null,
    basis_id     text        not null,
    subject_ref  text        not null,
    ordered_at   timestamptz not null,
    due_at       timestamptz not null,
    escalated_at timestamptz,
    answer       text        not null default '' check (answer in ('', 'DELETED', 'ANONYMISED', 'RETAINED_BY_LAW')),
    law          text        not null default '', -- the provision by which it is retained
    retain_until timestamptz,
    answered_at  timestamptz,
    key_id       text        not null default '',
    signed_base  text        not null default '', -- what the recipient's system signed (RFC 9421 §2.5)
    signature    bytea,
    primary key (system_id, basis_id),
    check ((answer = 'RETAINED_BY_LAW') = (law <> ''))
);
comment on table erasure_orders is 'Distribution column: system_id.';
create index erasure_orders_open on erasure_orders (system_id, due_at) where answer = '';
create index erasure_orders_due on erasure_orders (due_at) where answer = '';
create index erasure_orders_of_basis on erasure_orders (basis_id);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update, delete on basis_ends to kapok_gateway;
        grant select, insert, update (escalated_at, answer, law, retain_until, answered_at, key_id, signed_base, signature) on erasure_orders to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
