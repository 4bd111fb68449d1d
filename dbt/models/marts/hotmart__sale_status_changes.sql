{{ config(enabled=var('hotmart_append_mode')) }}
{# In append mode every sync adds a copy of each sale that it read, so the day of a status is that of its first copy. #}
with copies as (
    select
        cast(id as {{ dbt.type_string() }}) as transaction_id,
        {{ hotmart.json_text('purchase', 'status') }} as status,
        {{ hotmart.utc('order_date') }} as ordered_at,
        {{ hotmart.utc('_airbyte_extracted_at') }} as seen_at
    from {{ source('hotmart', 'sales_history') }}
),

compared as (
    select
        *,
        lag(status) over (partition by transaction_id order by seen_at) as previous_status
    from copies
)

select
    transaction_id,
    previous_status,
    status,
    {{ hotmart.status_group('status') }} as status_group,
    seen_at as first_seen_at,
    {{ hotmart.local_date('seen_at') }} as first_seen_on,
    ordered_at
from compared
where previous_status is null or previous_status <> status
