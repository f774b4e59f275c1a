-- +goose Up

-- What a sign-in was for, beside signing in: the SM3 of the notice that the person is about to agree to in
-- writing (PIPL 29). An age is never kept, only the band that bears on who may consent (PIPL 31).
alter table logins add column step_for text not null default '' check (step_for ~ '^([0-9a-f]{64})?$');

alter table sessions
    add column age_band      text not null default '' check (age_band in ('', 'UNDER_14', '14_TO_17', 'ADULT')),
    add column step_for      text not null default '' check (step_for ~ '^([0-9a-f]{64})?$'),
    add column step_sm3      text not null default '' check (step_sm3 ~ '^([0-9a-f]{64})?$');
