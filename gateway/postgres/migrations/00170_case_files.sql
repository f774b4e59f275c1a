-- +goose Up

-- What is known of a case beside that it exists: when it was accepted and decided.
create table case_files (
    department   text        not null,
    service_item text        not null,
    case_no      text        not null,
    subject_ref  text        not null default '', -- of whom the data was that met a material
    accepted_at  timestamptz,
    decided_at   timestamptz,
    primary key (department, service_item, case_no)
);
comment on table case_files is 'Distribution column: department.';

-- The materials of a case as the catalogue listed them when it was accepted. What a
-- licence or a data item met stays met.
create table case_materials (
    department   text        not null,
    service_item text        not null,
    case_no      text        not null,
    material     text        not null,
    place        integer     not null, -- in the catalogue's list
    replaceable  boolean     not null,
    met          text        not null check (met in ('open', 'met', 'paper', 'waived')),
    item         text        not null,
    licence      boolean     not null,
    exchange_ref text        not null,
    at           timestamptz,
    primary key (department, service_item, case_no, material)
);
comment on table case_materials is 'Distribution column: department.';

-- What decisions handed out. Append only.
create table case_documents (
    department   text        not null,
    service_item text        not null,
    case_no      text        not null,
    n            integer     not null,
    name         text        not null,
    seal         text        not null check (seal in ('electronic', 'ink', 'none')),
    primary key (department, service_item, case_no, n)
);
comment on table case_documents is 'Distribution column: department. Append only.';

-- Demands for paper; those that the rule refused are the supervisor's list. Append only.
create table paper_demands (
    department   text        not null,
    demand_id    text        not null,
    service_item text        not null,
    case_no      text        not null,
    material     text        not null,
    step         text        not null,
    officer      text        not null,
    system       text        not null,
    refused      boolean     not null,
    at           timestamptz not null,
    primary key (department, demand_id)
);
comment on table paper_demands is 'Distribution column: department. Append only.';
create index paper_demands_refused on paper_demands (at desc, demand_id desc) where refused;
create index paper_demands_of_case on paper_demands (department, service_item, case_no);

create index licences_of_case on licences (issuer, service_item, case_no);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on case_files, case_materials to kapok_gateway;
        grant select, insert on case_documents, paper_demands to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
