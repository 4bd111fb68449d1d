{# A sale can be priced in one currency and paid out in another, so both sides are added up by themselves. #}
with sales as (
    select
        {{ hotmart.month_of('coalesce(approved_on, ordered_on)') }} as month_on,
        coalesce(product_id, 'unknown') as product_key,
        *
    from {{ ref('hotmart__sales') }}
    where was_paid
),

priced as (
    select
        month_on,
        product_key,
        currency_code,
        sum(case when status_group = 'paid' then 1 else 0 end) as sales,
        {% for name, column in [
            ('gross', 'gross_amount'),
            ('gross_without_interest', 'gross_without_interest_amount'),
            ('interest', 'interest_amount'),
            ('tax', 'tax_amount'),
        ] -%}
        sum(case when status_group = 'paid' then {{ column }} else 0 end) as {{ name }}_amount,
        {% endfor -%}
        sum(case when status_group = 'paid' and hotmart_fee_currency_code = currency_code
            then hotmart_fee_amount else 0 end) as hotmart_fee_amount,
        sum(case when status = 'REFUNDED' then 1 else 0 end) as refunded_sales,
        sum(case when status = 'REFUNDED' then gross_amount else 0 end) as refunded_gross_amount,
        sum(case when status = 'PARTIALLY_REFUNDED' then 1 else 0 end) as partially_refunded_sales,
        sum(case when status = 'PARTIALLY_REFUNDED' then gross_amount else 0 end) as partially_refunded_gross_amount,
        sum(case when status_group = 'charged_back' then 1 else 0 end) as charged_back_sales,
        sum(case when status_group = 'charged_back' then gross_amount else 0 end) as charged_back_gross_amount,
        sum(case when status_group = 'pending' then 1 else 0 end) as disputed_sales,
        sum(case when status_group = 'pending' then gross_amount else 0 end) as disputed_gross_amount
    from sales
    group by month_on, product_key, currency_code
),

paid_out as (
    select
        month_on,
        product_key,
        commission_currency_code as currency_code,
        count(*) as paid_out_sales,
        sum(my_earned_amount) as my_earned_amount,
        sum(others_commission_amount) as others_commission_amount
    from sales
    where status_group = 'paid' and commission_currency_code is not null
    group by month_on, product_key, commission_currency_code
),

{# The name of a product can change and its sales keep the old one: the name of the newest sale is shown. #}
named as (
    select product_key, product_name
    from (
        select
            product_key,
            product_name,
            row_number() over (partition by product_key order by ordered_at desc, transaction_id desc) as place
        from sales
    ) as by_age
    where place = 1
),

keys as (
    select month_on, product_key, currency_code from priced
    union all
    select month_on, product_key, currency_code from paid_out
),

distinct_keys as (
    select distinct month_on, product_key, currency_code from keys
)

select
    distinct_keys.month_on,
    distinct_keys.product_key as product_id,
    coalesce(products.product_name, named.product_name) as product_name,
    distinct_keys.currency_code,
    {% for name in [
        'sales', 'refunded_sales', 'partially_refunded_sales', 'charged_back_sales', 'disputed_sales',
    ] -%}
    cast(coalesce(priced.{{ name }}, 0) as {{ dbt.type_bigint() }}) as {{ name }},
    {% endfor -%}
    cast(coalesce(paid_out.paid_out_sales, 0) as {{ dbt.type_bigint() }}) as paid_out_sales,
    {% for name in [
        'gross', 'gross_without_interest', 'interest', 'tax', 'hotmart_fee', 'refunded_gross',
        'partially_refunded_gross', 'charged_back_gross', 'disputed_gross',
    ] -%}
    cast(coalesce(priced.{{ name }}_amount, 0) as {{ hotmart.type_amount() }}) as {{ name }}_amount,
    {% endfor -%}
    cast(coalesce(paid_out.my_earned_amount, 0) as {{ hotmart.type_amount() }}) as my_earned_amount,
    cast(coalesce(paid_out.others_commission_amount, 0) as {{ hotmart.type_amount() }}) as others_commission_amount
from distinct_keys
left join priced
    on distinct_keys.month_on = priced.month_on
    and distinct_keys.product_key = priced.product_key
    and distinct_keys.currency_code = priced.currency_code
left join paid_out
    on distinct_keys.month_on = paid_out.month_on
    and distinct_keys.product_key = paid_out.product_key
    and distinct_keys.currency_code = paid_out.currency_code
left join named on distinct_keys.product_key = named.product_key
left join {{ ref('stg_hotmart__products') }} as products on distinct_keys.product_key = products.product_id
