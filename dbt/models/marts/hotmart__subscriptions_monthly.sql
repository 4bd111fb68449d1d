{{ config(enabled=var('hotmart_using_subscriptions')) }}
with subscriptions as (
    select
        *,
        {{ hotmart.month_of('started_on') }} as start_month_on,
        {{ hotmart.month_of('ended_on') }} as end_month_on,
        case when coalesce(is_trial, false) then {{ hotmart.amount("'0'") }} else monthly_price_amount end as paid_monthly_amount
    from {{ ref('hotmart__subscriptions') }}
    where state <> 'not_begun'
),

bounds as (
    select
        min(start_month_on) as first_on,
        {{ hotmart.month_of(hotmart.local_date('max(as_of)')) }} as last_on
    from subscriptions
),

months as (
    {{ hotmart.months_between('bounds', 'first_on', 'last_on') }}
),

grid as (
    select months.month_on, currencies.currency_code
    from months
    cross join (select distinct currency_code from subscriptions) as currencies
),

begun as (
    select
        start_month_on as month_on,
        currency_code,
        sum(case when is_reactivated then 0 else 1 end) as new_subscriptions,
        sum(case when is_reactivated then 1 else 0 end) as reactivated_subscriptions,
        sum(case when is_reactivated then 0 else paid_monthly_amount end) as new_mrr_amount,
        sum(case when is_reactivated then paid_monthly_amount else 0 end) as reactivated_mrr_amount
    from subscriptions
    group by start_month_on, currency_code
),

ended as (
    select
        end_month_on as month_on,
        currency_code,
        sum(case when state = 'cancelled' then 1 else 0 end) as cancelled_subscriptions,
        sum(case when state = 'lapsed' then 1 else 0 end) as lapsed_subscriptions,
        sum(paid_monthly_amount) as lost_mrr_amount
    from subscriptions
    where end_month_on is not null
    group by end_month_on, currency_code
),

moved as (
    select
        grid.month_on,
        grid.currency_code,
        {% for part, names in [
            ('begun', ['new_subscriptions', 'reactivated_subscriptions']),
            ('ended', ['cancelled_subscriptions', 'lapsed_subscriptions']),
        ] -%}
        {% for name in names -%}
        cast(coalesce({{ part }}.{{ name }}, 0) as {{ dbt.type_bigint() }}) as {{ name }},
        {% endfor -%}
        {% endfor -%}
        {% for part, names in [('begun', ['new_mrr_amount', 'reactivated_mrr_amount']), ('ended', ['lost_mrr_amount'])] -%}
        {% for name in names -%}
        cast(coalesce({{ part }}.{{ name }}, 0) as {{ hotmart.type_amount() }}) as {{ name }}
        {%- if name != 'lost_mrr_amount' %},{% endif %}
        {% endfor -%}
        {% endfor %}
    from grid
    left join begun on grid.month_on = begun.month_on and grid.currency_code = begun.currency_code
    left join ended on grid.month_on = ended.month_on and grid.currency_code = ended.currency_code
),

balanced as (
    select
        *,
        new_subscriptions + reactivated_subscriptions - cancelled_subscriptions - lapsed_subscriptions as gained,
        new_mrr_amount + reactivated_mrr_amount - lost_mrr_amount as gained_mrr_amount
    from moved
),

added_up as (
    select
        *,
        sum(gained) over (partition by currency_code order by month_on rows unbounded preceding) as active_at_end,
        sum(gained_mrr_amount) over (partition by currency_code order by month_on rows unbounded preceding)
            as mrr_at_end_amount
    from balanced
)

select
    month_on,
    currency_code,
    cast(active_at_end - gained as {{ dbt.type_bigint() }}) as active_at_start,
    new_subscriptions,
    reactivated_subscriptions,
    cancelled_subscriptions,
    lapsed_subscriptions,
    cast(active_at_end as {{ dbt.type_bigint() }}) as active_at_end,
    {{ hotmart.share('(cancelled_subscriptions + lapsed_subscriptions)', '(active_at_end - gained)') }} as churn_rate,
    cast(mrr_at_end_amount - gained_mrr_amount as {{ hotmart.type_amount() }}) as mrr_at_start_amount,
    new_mrr_amount,
    reactivated_mrr_amount,
    lost_mrr_amount,
    cast(mrr_at_end_amount as {{ hotmart.type_amount() }}) as mrr_at_end_amount
from added_up
