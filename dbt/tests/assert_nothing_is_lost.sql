{# What the sales say in total is what the revenue says in total. #}
with sales as (
    select sum(my_earned_amount) as earned, sum(case when status_group = 'paid' then gross_amount else 0 end) as gross
    from {{ ref('hotmart__sales') }}
),

revenue as (
    select sum(my_earned_amount) as earned, sum(gross_amount) as gross
    from {{ ref('hotmart__revenue_monthly') }}
)

select sales.earned, revenue.earned as revenue_earned, sales.gross, revenue.gross as revenue_gross
from sales
cross join revenue
where sales.earned <> revenue.earned or sales.gross <> revenue.gross
