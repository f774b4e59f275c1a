-- +goose Up

-- What the effect board shows, counted once from the ledger by a job and never by
-- scanning it. No case, no reference, nobody's name.
create table effects (
    department   text collate "C" not null,
    day          date             not null, -- Beijing
    service_item text collate "C" not null,
    item         text collate "C" not null,
    result       text collate "C" not null, -- released, failed, …; refused
    code         text collate "C" not null, -- of a refusal or a failure, else ''
    uses         bigint           not null,
    primary key (department, day, service_item, item, result, code)
);
comment on table effects is 'Distribution column: department.';

-- Whom a department served in a month, so that nobody is counted twice. Only the
-- random reference stands here.
create table effect_people (
    subject_ref text collate "C" not null,
    month       date             not null, -- its first day
    department  text collate "C" not null,
    primary key (subject_ref, month, department)
);
comment on table effect_people is 'Distribution column: subject_ref.';

create table effect_months (
    department text collate "C" not null,
    month      date             not null,
    people     bigint           not null,
    primary key (department, month)
);
comment on table effect_months is 'Distribution column: department.';

-- How far each log was counted. The row's lock makes nodes take turns.
create table effect_progress (
    origin  text collate "C" primary key,
    counted bigint           not null -- entries
);
comment on table effect_progress is 'Distribution column: origin.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on effects, effect_months, effect_progress to kapok_gateway;
        grant select, insert, delete on effect_people to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
