{{ config(enabled=var('hotmart_using_subscriptions')) }}
select
    cast(subscriber_code as {{ dbt.type_string() }}) as subscription_code,
    cast(subscription_id as {{ dbt.type_string() }}) as subscription_id,
    cast(status as {{ dbt.type_string() }}) as status,
    {{ hotmart.utc('request_date') }} as created_at,
    {{ hotmart.utc('accession_date') }} as started_at,
    {{ hotmart.utc('end_accession_date') }} as cancelled_at,
    {{ hotmart.utc('date_next_charge') }} as next_charge_at,
    trial as is_trial,
    cast(transaction as {{ dbt.type_string() }}) as last_transaction_id,
    {{ hotmart.json_text('product', 'id') }} as product_id,
    {{ hotmart.json_text('product', 'name') }} as product_name,
    {{ hotmart.json_text('plan', 'id') }} as plan_id,
    {{ hotmart.json_text('plan', 'name') }} as plan_name,
    cast({{ hotmart.json_text('plan', 'recurrency_period') }} as {{ dbt.type_int() }}) as period_days,
    cast({{ hotmart.json_text('plan', 'max_charge_cycles') }} as {{ dbt.type_int() }}) as max_charges,
    {{ hotmart.amount(hotmart.json_text('price', 'value')) }} as price_amount,
    {{ hotmart.json_text('price', 'currency_code') }} as currency_code,
    upper({{ hotmart.json_text('subscriber', 'ucode') }}) as subscriber_ucode,
    {{ hotmart.json_text('subscriber', 'name') }} as subscriber_name,
    {{ hotmart.json_text('subscriber', 'email') }} as subscriber_email,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('subscriptions', ['subscriber_code']) }} as stream
