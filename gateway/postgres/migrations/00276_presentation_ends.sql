-- +goose Up

-- A person takes back what they show; and sees how often somebody tried it in vain.
alter table presentations
    add column cancelled_at timestamptz,
    add column refused      integer not null default 0 check (refused >= 0),
    add column refused_code text    not null default ''; -- of the latest refusal

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant update (cancelled_at, refused, refused_code) on presentations to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
