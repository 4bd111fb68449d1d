{{ config(
    materialized='incremental',
    unique_key='transaction_id',
    incremental_strategy='merge' if target.type in ('bigquery', 'snowflake') else 'delete+insert',
    on_schema_change='sync_all_columns',
) }}
{%- set parts = ['stg_hotmart__commissions', 'stg_hotmart__price_details', 'int_hotmart__charged_sales'] %}
{#- Incremental runs alone read these, so dbt has to be shown them. #}
{%- for part in parts %}
-- depends_on: {{ ref(part) }}
{%- endfor %}
with
{%- if is_incremental() %}
{# A late part of a sale, such as its commission, makes the sale be written again. Without a sale yet, all are new. #}
{%- set newest = "coalesce(max(synced_at), cast('2000-01-01 00:00:00' as " ~ dbt.type_timestamp() ~ "))" %}
since as (
    select {{ hotmart.days_later(newest, '-' ~ var('hotmart_incremental_lookback_days')) }} as moment
    from {{ this }}
),

changed as (
    select transaction_id from {{ ref('stg_hotmart__sales') }} where synced_at >= (select moment from since)
    {% for part in parts -%}
    union all
    select transaction_id from {{ ref(part) }} where synced_at >= (select moment from since)
    {% endfor %}
),
{%- endif %}

sales as (
    select *
    from {{ ref('stg_hotmart__sales') }}
    {%- if is_incremental() %}
    where transaction_id in (select transaction_id from changed)
    {%- endif %}
),

joined as (
    select
        sales.*,
        commissions.commission_currency_code,
        commissions.my_commission_amount,
        commissions.others_commission_amount,
        commissions.producer_commission_amount,
        commissions.coproducers_commission_amount,
        commissions.affiliates_commission_amount,
        commissions.addon_commission_amount,
        commissions.synced_at as commissions_synced_at,
        details.base_amount,
        details.base_currency_code,
        details.coupon_code,
        {# Hotmart writes a discount as a fraction and as a percentage. No discount is of more than 100 %. #}
        cast(
            case
                when details.coupon_value > 1 then details.coupon_value * {{ hotmart.fraction("'0.01'") }}
                else details.coupon_value
            end
        as {{ hotmart.type_fraction() }}) as coupon_share,
        {# Details leave out a part that is none. An amount in another currency than the price is of no use here. #}
        {%- for part in ['interest', 'tax'] %}
        cast(
            case
                when details.transaction_id is null or details.{{ part }}_currency_code <> sales.currency_code then null
                else coalesce(details.{{ part }}_amount, 0)
            end
        as {{ hotmart.type_amount() }}) as {{ part }}_amount,
        {%- endfor %}
        details.synced_at as details_synced_at,
        charged.subscription_code,
        charged.given_back_at,
        charged.synced_at as charge_synced_at
    from sales
    left join {{ ref('int_hotmart__sale_commissions') }} as commissions
        on sales.transaction_id = commissions.transaction_id
    left join {{ ref('stg_hotmart__price_details') }} as details
        on sales.transaction_id = details.transaction_id
    left join {{ ref('int_hotmart__charged_sales') }} as charged
        on sales.transaction_id = charged.transaction_id
)

select
    transaction_id,
    status,
    {{ hotmart.status_group('status') }} as status_group,
    {{ hotmart.was_paid('status') }} as was_paid,
    ordered_at,
    ordered_on,
    approved_at,
    approved_on,
    warranty_ends_at,
    given_back_at,
    product_id,
    product_name,
    offer_code,
    payment_mode,
    buyer_ucode,
    buyer_name,
    buyer_email,
    payment_type,
    payment_method,
    installments,
    currency_code,
    gross_amount,
    interest_amount,
    cast(gross_amount - interest_amount as {{ hotmart.type_amount() }}) as gross_without_interest_amount,
    tax_amount,
    base_amount,
    base_currency_code,
    hotmart_fee_amount,
    hotmart_fee_currency_code,
    my_role,
    commission_currency_code,
    my_commission_amount,
    cast(
        case when {{ hotmart.status_group('status') }} = 'paid' then my_commission_amount else 0 end
    as {{ hotmart.type_amount() }}) as my_earned_amount,
    others_commission_amount,
    producer_commission_amount,
    coproducers_commission_amount,
    affiliates_commission_amount,
    addon_commission_amount,
    coupon_code,
    coupon_share,
    tracking_src,
    tracking_sck,
    tracking_external_code,
    {% for name in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'] -%}
    coalesce(
        {{ hotmart.query_parameter('tracking_src', name) }},
        {{ hotmart.query_parameter('tracking_sck', name) }},
        {{ hotmart.query_parameter('tracking_external_code', name) }}
    ) as derived_{{ name }},
    {% endfor -%}
    is_subscription,
    subscription_code,
    recurrence_number,
    greatest(
        synced_at,
        coalesce(commissions_synced_at, synced_at),
        coalesce(details_synced_at, synced_at),
        coalesce(charge_synced_at, synced_at)
    ) as synced_at
from joined
