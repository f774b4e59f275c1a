-- +goose Up

-- The files of deliveries while they arrive, piece by piece and sealed. They go with the
-- landing's end.
create table return_pieces (
    delivery text collate "C" not null,
    file     smallint         not null, -- place in the manifest's list
    at       bigint           not null, -- first byte
    size     integer          not null check (size > 0),
    sealed   bytea            not null,
    primary key (delivery, file, at)
);
comment on table return_pieces is 'Distribution column: delivery.';

-- What one person wants done with a delivery and another confirms.
create table return_proposals (
    delivery   text collate "C" not null,
    proposal   text collate "C" not null check (proposal ~ '^[0-9a-f]{32}$'),
    act        text             not null check (act in ('publish', 'roll-back', 'destroy')),
    reason     text             not null,
    actor      text             not null,
    at         timestamptz      not null,
    state      text             not null check (state in ('open', 'confirmed', 'rejected', 'withdrawn')),
    second     text             not null default '',
    decided_at timestamptz,
    primary key (delivery, proposal)
);
comment on table return_proposals is 'Distribution column: delivery. Some per day.';
create index return_proposals_latest on return_proposals (at);
create unique index return_proposals_open on return_proposals (delivery, act) where state = 'open';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, delete on return_pieces to kapok_gateway;
        grant select, insert, update on return_proposals to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
