{# Hotmart's own totals go by months in UTC and by the approved and complete sales. So does this mart. #}
{%- set views = ['commissions', 'price_details'] %}
{%- if var('hotmart_using_sales_users') %}{% do views.append('participants') %}{% endif %}
with sales as (
    select
        {{ hotmart.month_of('sales.ordered_at') }} as month_on,
        sales.transaction_id,
        sales.currency_code,
        sales.gross_amount,
        sales.status_group = 'paid' as is_paid,
        commissions.transaction_id is not null as is_in_commissions,
        details.transaction_id is not null as is_in_price_details
        {%- if 'participants' in views %},
        participants.transaction_id is not null as is_in_participants
        {%- endif %}
    from {{ ref('hotmart__sales') }} as sales
    left join (select distinct transaction_id from {{ ref('stg_hotmart__commissions') }}) as commissions
        on sales.transaction_id = commissions.transaction_id
    left join {{ ref('stg_hotmart__price_details') }} as details on sales.transaction_id = details.transaction_id
    {%- if 'participants' in views %}
    left join {{ ref('stg_hotmart__sale_participants') }} as participants
        on sales.transaction_id = participants.transaction_id
    {%- endif %}
),

priced as (
    select
        month_on,
        currency_code,
        count(*) as history_rows,
        sum(case when is_paid then 1 else 0 end) as paid_sales,
        sum(case when is_paid then gross_amount else 0 end) as prices_amount,
        {% for view in views -%}
        sum(case when is_in_{{ view }} then 1 else 0 end) as {{ view }}_rows{% if not loop.last %},{% endif %}
        {% endfor %}
    from sales
    group by month_on, currency_code
),

paid_out as (
    select
        sales.month_on,
        commissions.commission_currency_code as currency_code,
        count(*) as commissions,
        sum(commissions.commission_amount) as commissions_amount
    from sales
    inner join {{ ref('stg_hotmart__commissions') }} as commissions
        on sales.transaction_id = commissions.transaction_id
    where sales.is_paid
    group by sales.month_on, commissions.commission_currency_code
),

keys as (
    select month_on, currency_code from priced
    union all
    select month_on, currency_code from paid_out
    union all
    select month_on, currency_code from {{ ref('stg_hotmart__sales_summary') }}
),

side_by_side as (
    select
        keys.month_on,
        keys.currency_code,
        cast(coalesce(summary.items, 0) as {{ dbt.type_bigint() }}) as hotmart_items,
        cast(coalesce(summary.total_amount, 0) as {{ hotmart.type_amount() }}) as hotmart_total_amount,
        cast(coalesce(priced.paid_sales, 0) as {{ dbt.type_bigint() }}) as sales,
        cast(coalesce(priced.prices_amount, 0) as {{ hotmart.type_amount() }}) as prices_amount,
        cast(coalesce(paid_out.commissions, 0) as {{ dbt.type_bigint() }}) as commissions,
        cast(coalesce(paid_out.commissions_amount, 0) as {{ hotmart.type_amount() }}) as commissions_amount,
        cast(coalesce(priced.history_rows, 0) as {{ dbt.type_bigint() }}) as history_rows
        {%- for view in views %},
        cast(coalesce(priced.{{ view }}_rows, 0) as {{ dbt.type_bigint() }}) as {{ view }}_rows
        {%- endfor %}
        {%- if 'participants' not in views %},
        cast(null as {{ dbt.type_bigint() }}) as participants_rows
        {%- endif %}
    from (select distinct month_on, currency_code from keys) as keys
    left join {{ ref('stg_hotmart__sales_summary') }} as summary
        on keys.month_on = summary.month_on and keys.currency_code = summary.currency_code
    left join priced on keys.month_on = priced.month_on and keys.currency_code = priced.currency_code
    left join paid_out on keys.month_on = paid_out.month_on and keys.currency_code = paid_out.currency_code
)

select
    *,
    cast(commissions_amount - hotmart_total_amount as {{ hotmart.type_amount() }}) as difference_as_commissions_amount,
    cast(prices_amount - hotmart_total_amount as {{ hotmart.type_amount() }}) as difference_as_prices_amount,
    hotmart_items = commissions and hotmart_total_amount = commissions_amount as agrees_as_commissions,
    hotmart_items = sales and hotmart_total_amount = prices_amount as agrees_as_prices
from side_by_side
