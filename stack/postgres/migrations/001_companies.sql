-- What the company knows about the companies it does business with; the pipeline company-brief reads it.

create table companies (
  domain text primary key,
  name text not null,
  industry text not null,
  -- ISO 3166-1 alpha-2
  country char(2) not null,
  employees integer not null check (employees > 0),
  founded smallint not null,
  account_tier text not null check (account_tier in ('bronze', 'silver', 'gold', 'platinum')),
  account_owner text not null
);

create table company_notes (
  id bigint primary key,
  domain text not null references companies (domain) on delete cascade,
  noted_at date not null,
  author text not null,
  note text not null
);

create index company_notes_by_company on company_notes (domain, noted_at desc);

create table company_metrics (
  domain text not null references companies (domain) on delete cascade,
  year smallint not null,
  revenue_eur bigint not null,
  headcount integer not null,
  primary key (domain, year)
);
