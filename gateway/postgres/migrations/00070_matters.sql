-- +goose Up

-- Matters between an applicant and a provider: applications, corrections, disputes. A
-- row never changes; the state is that of the last event.
create table matters (
    matter_id   text        primary key check (matter_id ~ '^[0-9a-f]{32}$'),
    kind        text        not null,
    applicant   text        not null, -- a department; '': a citizen
    subject_ref text        not null check (subject_ref ~ '^([0-9a-f]{32})?$'), -- '': a department's
    provider    text        not null,
    item        text        not null,
    about       text        not null,
    filed_at    timestamptz not null
);
comment on table matters is 'Distribution column: matter_id. Append only.';
create index matters_of_applicant on matters (applicant, filed_at desc, matter_id desc);
create index matters_of_provider on matters (provider, filed_at desc, matter_id desc);
create index matters_of_subject on matters (subject_ref, filed_at desc, matter_id desc) where subject_ref <> '';

create table matter_events (
    matter_id   text        not null,
    seq         integer     not null check (seq > 0),
    event       text        not null,
    state       text        not null,
    at          timestamptz not null, -- by the clock of the workflow
    side        text        not null,
    actor       text        not null,
    person      text        not null, -- the actor's own subject_ref; '': not vouched for
    department  text        not null,
    reason_code text        not null,
    reason      text        not null,
    document    jsonb,
    primary key (matter_id, seq)
);
comment on table matter_events is 'Distribution column: matter_id. Append only.';

-- The terms under way, in working days; what the events add up to.
create table matter_clocks (
    matter_id text        not null,
    name      text        not null,
    owes      text        not null, -- the side whose turn it is
    law       text        not null,
    days      integer     not null,
    used      integer     not null,
    counted   timestamptz not null, -- from the day after
    due       timestamptz,          -- null: paused
    state     text        not null check (state in ('running', 'paused', 'done')),
    late      boolean     not null,
    rung      integer     not null,
    rings     timestamptz,
    primary key (matter_id, name)
);
comment on table matter_clocks is 'Distribution column: matter_id.';
create index matter_clocks_due on matter_clocks (due) where state = 'running';

-- Rights that came of applications. A row never changes.
create table grants (
    grant_id   text        primary key check (grant_id ~ '^[0-9a-f]{32}$'),
    matter_id  text        not null,
    department text        not null,
    provider   text        not null,
    system     text        not null,
    item       text        not null,
    document   jsonb       not null, -- the terms
    issued_at  timestamptz not null,
    expires_at timestamptz not null
);
comment on table grants is 'Distribution column: grant_id. Append only.';
create index grants_of_system on grants (system, item);

create table grant_events (
    grant_id    text        not null,
    seq         integer     not null check (seq > 0),
    event       text        not null,
    state       text        not null,
    at          timestamptz not null,
    actor       text        not null,
    reason_code text        not null,
    reason      text        not null,
    primary key (grant_id, seq)
);
comment on table grant_events is 'Distribution column: grant_id. Append only.';

-- Uses taken of a day's quota, reserved by the nodes in chunks.
create table grant_quotas (
    grant_id text    not null,
    day      date    not null, -- Beijing's
    taken    bigint  not null check (taken >= 0),
    primary key (grant_id, day)
);
comment on table grant_quotas is 'Distribution column: grant_id.';

-- What of each grant was used, rolled up from the logs: a field or an operation.
create table grant_uses (
    grant_id text        not null,
    part     text        not null, -- 'field:name', 'operation:VIEW'
    uses     bigint      not null,
    last_at  timestamptz not null,
    primary key (grant_id, part)
);
comment on table grant_uses is 'Distribution column: grant_id.';
create table grant_uses_read (
    origin text collate "C" primary key,
    next   bigint           not null -- the first index not rolled up yet
);
comment on table grant_uses_read is 'Distribution column: origin.';

-- Emergency stops: one person of the bureau stops, two others' hands reopen.
create table emergency_stops (
    stop_id    text        primary key check (stop_id ~ '^[0-9a-f]{32}$'),
    kind       text        not null,
    target     text        not null,
    stopped_at timestamptz not null
);
comment on table emergency_stops is 'Distribution column: stop_id. Append only.';
create table emergency_stop_events (
    stop_id text        not null,
    seq     integer     not null check (seq > 0),
    event   text        not null check (event in ('stopped', 'reopening-proposed', 'reopened')),
    at      timestamptz not null,
    actor   text        not null,
    person  text        not null,
    reason  text        not null,
    primary key (stop_id, seq)
);
comment on table emergency_stop_events is 'Distribution column: stop_id. Append only.';

-- River's tables are its own; its migrations run after these.
create schema if not exists river;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on matters, matter_events, grants, grant_events, emergency_stops, emergency_stop_events to kapok_gateway;
        grant select, insert, update on matter_clocks, grant_quotas, grant_uses, grant_uses_read to kapok_gateway;
        grant usage on schema river to kapok_gateway;
        alter default privileges in schema river grant select, insert, update, delete on tables to kapok_gateway;
        alter default privileges in schema river grant usage on sequences to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
