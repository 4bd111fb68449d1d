select
    cast(id as {{ dbt.type_string() }}) as product_id,
    cast(name as {{ dbt.type_string() }}) as product_name,
    cast(status as {{ dbt.type_string() }}) as status,
    cast(format as {{ dbt.type_string() }}) as format,
    is_subscription,
    cast(warranty_period as {{ dbt.type_int() }}) as warranty_days,
    {{ hotmart.utc('created_at') }} as created_at,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('products', ['id']) }} as stream
