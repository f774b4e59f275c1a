-- +goose Up

-- Cases (办件) as the departments' own case systems tell of them. A matter with one row
-- here has a case source: from then on every use for it names a case that stands here.
create table cases (
    department   text        not null,
    service_item text        not null,
    case_no      text        not null,
    opened_at    timestamptz not null,
    closed_at    timestamptz,
    primary key (department, service_item, case_no)
);
comment on table cases is 'Distribution column: department.';

-- Releases whose case nobody could confirm, rolled up from the logs.
create table unverified_uses (
    department   text        not null,
    service_item text        not null,
    day          date        not null,
    uses         bigint      not null,
    primary key (department, service_item, day)
);
comment on table unverified_uses is 'Distribution column: department.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update (closed_at) on cases to kapok_gateway;
        grant select, insert, update on unverified_uses to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
