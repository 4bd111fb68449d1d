{{ config(enabled=var('hotmart_using_sales_users')) }}
select
    cast(stream.transaction as {{ dbt.type_string() }}) as transaction_id,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('sales_users', ['transaction']) }} as stream
