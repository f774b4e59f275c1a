-- +goose Up

-- What a batch that takes it for granted that nothing stands in its way begins with:
-- the origin's lock, its lease and size, and then, in statements of their own, so that
-- they see what the lock's former holder committed (the function must stay volatile),
-- whether anything is stopped and whether the editions are in force.
-- +goose StatementBegin
create function ledger_guard(
    of_origin text, token text, stands bigint, stop_kinds text[], stop_ids text[], edition_kinds text[], edition_numbers bigint[]
) returns void language plpgsql volatile as $$
declare
    holder text;
    stood  bigint;
begin
    select lease_token, size into strict holder, stood from ledger_origins where origin = of_origin for update;
    if holder <> token then
        raise exception 'the lease is held by another' using errcode = 'KL001';
    end if;
    if stood <> stands then
        raise exception 'the origin is not of the size expected' using errcode = 'KL002';
    end if;
    if exists (
        select from unnest(stop_kinds, stop_ids) as asked (kind, id)
        join lateral (
            select n from ledger_stops stop where stop.origin = of_origin and stop.kind = asked.kind and stop.id = asked.id
            order by n desc limit 1) last on last.n % 2 = 1) then
        raise exception 'something is stopped' using errcode = 'KL003';
    end if;
    if exists (
        select from unnest(edition_kinds, edition_numbers) as asked (kind, number)
        where number <> coalesce((
            select max(edition.number) from ledger_editions edition
            where edition.origin = of_origin and edition.kind = asked.kind), 0)) then
        raise exception 'another edition is in force' using errcode = 'KL003';
    end if;
end
$$;
-- +goose StatementEnd
