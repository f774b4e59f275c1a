-- +goose Up

-- People who are signed in. The token itself is nowhere but in their browser.
create table sessions (
    token_sm3   bytea       primary key check (octet_length(token_sm3) = 32),
    subject_ref text        not null check (subject_ref ~ '^([0-9a-f]{32})?$'), -- '': staff
    issuer      text        not null,
    subject     text        not null, -- the provider's name for a member of staff; '': a citizen
    roles       text[]      not null,
    level       text        not null, -- of the sign-in, as the provider has it
    begun_at    timestamptz not null default now(),
    expires_at  timestamptz not null,
    ended_at    timestamptz
);
comment on table sessions is 'Distribution column: token_sm3.';
create index sessions_by_expiry on sessions (expires_at);

-- Sign-ins on their way to the identity provider and back; each is used once.
create table logins (
    state_sm3   bytea       primary key check (octet_length(state_sm3) = 32),
    browser_sm3 bytea       not null check (octet_length(browser_sm3) = 32),
    nonce       text        not null,
    verifier    text        not null, -- PKCE, RFC 7636
    return_to   text        not null,
    expires_at  timestamptz not null
);
comment on table logins is 'Distribution column: state_sm3.';
create index logins_by_expiry on logins (expires_at);
