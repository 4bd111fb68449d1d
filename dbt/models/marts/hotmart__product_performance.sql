with sales as (
    select
        {{ hotmart.month_of('ordered_on') }} as order_month_on,
        coalesce(product_id, 'unknown') as product_key,
        *
    from {{ ref('hotmart__sales') }}
),

counted as (
    select
        order_month_on,
        product_key,
        count(*) as orders,
        {% for name, condition in [
            ('ever_paid', 'was_paid'),
            ('paid', "status_group = 'paid'"),
            ('pending', "status_group = 'pending'"),
            ('lost', "status_group = 'lost'"),
            ('refunded', "status = 'REFUNDED'"),
            ('partially_refunded', "status = 'PARTIALLY_REFUNDED'"),
            ('charged_back', "status_group = 'charged_back'"),
        ] -%}
        cast(sum(case when {{ condition }} then 1 else 0 end) as {{ dbt.type_bigint() }}) as {{ name }}_orders
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from sales
    group by order_month_on, product_key
),

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
)

select
    counted.order_month_on,
    counted.product_key as product_id,
    coalesce(products.product_name, named.product_name) as product_name,
    products.format as product_format,
    counted.orders,
    counted.ever_paid_orders,
    counted.paid_orders,
    counted.pending_orders,
    counted.lost_orders,
    counted.refunded_orders,
    counted.partially_refunded_orders,
    counted.charged_back_orders,
    {{ hotmart.share('counted.ever_paid_orders', 'counted.orders') }} as payment_rate,
    {{ hotmart.share('(counted.refunded_orders + counted.partially_refunded_orders)', 'counted.ever_paid_orders') }}
        as refund_rate,
    {{ hotmart.share('counted.charged_back_orders', 'counted.ever_paid_orders') }} as chargeback_rate
from counted
left join named on counted.product_key = named.product_key
left join {{ ref('stg_hotmart__products') }} as products on counted.product_key = products.product_id
