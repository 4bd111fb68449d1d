{{ config(enabled=var('hotmart_using_subscriptions')) }}
with as_of as (
    select {{ hotmart.as_of(ref('stg_hotmart__subscriptions')) }} as moment
),

charges as (
    select
        subscription_code,
        count(distinct transaction_id) as paid_charges,
        max(ordered_at) as last_paid_at
    from {{ ref('stg_hotmart__subscription_charges') }}
    where charge_status in ('APPROVED', 'COMPLETE')
    group by subscription_code
),

stated as (
    select
        subscriptions.*,
        {{ hotmart.subscription_state('subscriptions.status') }} as state,
        coalesce(charges.paid_charges, 0) as paid_charges,
        charges.last_paid_at,
        case
            when charges.last_paid_at is null or subscriptions.period_days is null then subscriptions.started_at
            else {{ hotmart.days_later('charges.last_paid_at', 'subscriptions.period_days') }}
        end as paid_until,
        as_of.moment as as_of
    from {{ ref('stg_hotmart__subscriptions') }} as subscriptions
    cross join as_of
    left join charges on subscriptions.subscription_code = charges.subscription_code
),

{# Hotmart dates a cancellation. It does not date the end of one that lapsed: it lasted as long as was paid for. #}
dated as (
    select
        stated.*,
        case
            when state = 'cancelled' and cancelled_at is not null then cancelled_at
            when state in ('cancelled', 'lapsed') then least(greatest(paid_until, started_at), greatest(as_of, started_at))
        end as ended_at,
        state in ('cancelled', 'lapsed') and (state = 'lapsed' or cancelled_at is null) as is_end_estimated
    from stated
)

select
    subscription_code,
    subscription_id,
    status,
    state,
    state in ('active', 'late') as is_active,
    is_trial,
    case status
        when 'CANCELLED_BY_CUSTOMER' then 'customer'
        when 'CANCELLED_BY_SELLER' then 'seller'
        when 'CANCELLED_BY_ADMIN' then 'hotmart'
    end as cancelled_by,
    created_at,
    started_at,
    {{ hotmart.local_date('started_at') }} as started_on,
    started_at > {{ hotmart.days_later('created_at', 1) }} as is_reactivated,
    ended_at,
    {{ hotmart.local_date('ended_at') }} as ended_on,
    is_end_estimated,
    next_charge_at,
    product_id,
    product_name,
    plan_id,
    plan_name,
    period_days,
    max_charges,
    price_amount,
    currency_code,
    {{ hotmart.monthly_amount('price_amount', 'nullif(period_days, 0)') }} as monthly_price_amount,
    cast(
        case
            when state in ('active', 'late') and not coalesce(is_trial, false)
                then {{ hotmart.monthly_amount('price_amount', 'nullif(period_days, 0)') }}
            else 0
        end
    as {{ hotmart.type_amount() }}) as mrr_amount,
    cast(paid_charges as {{ dbt.type_bigint() }}) as paid_charges,
    last_paid_at,
    last_transaction_id,
    subscriber_ucode,
    subscriber_name,
    subscriber_email,
    as_of
from dated
