{{ config(enabled=var('hotmart_using_subscriptions')) }}
select
    cast(id as {{ dbt.type_string() }}) as transaction_id,
    cast(commission_currency as {{ dbt.type_string() }}) as commission_currency_code,
    cast(recurrency_number as {{ dbt.type_int() }}) as recurrence_number,
    cast(subscriber_code as {{ dbt.type_string() }}) as subscription_code,
    {{ hotmart.json_text('purchase', 'status') }} as charge_status,
    {{ hotmart.utc_from_text(hotmart.json_text('purchase', 'order_date')) }} as ordered_at,
    {{ hotmart.utc_from_text(hotmart.json_text('purchase', 'payment.refund_chargeback_date')) }} as given_back_at,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('subscription_transactions', ['id', 'commission_currency', 'recurrency_number']) }} as stream
