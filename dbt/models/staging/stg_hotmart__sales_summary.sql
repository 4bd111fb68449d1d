select
    cast(month as date) as month_on,
    cast(currency_code as {{ dbt.type_string() }}) as currency_code,
    cast(total_items as {{ dbt.type_bigint() }}) as items,
    {{ hotmart.amount(hotmart.json_text('total_value', 'value')) }} as total_amount,
    {{ hotmart.utc('synced_until') }} as covered_until,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('sales_summary', ['month', 'currency_code']) }} as stream
