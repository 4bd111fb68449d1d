{{ config(enabled=var('hotmart_using_members_area')) }}
select
    cast(subdomain as {{ dbt.type_string() }}) as members_area,
    cast(user_id as {{ dbt.type_string() }}) as student_id,
    cast(name as {{ dbt.type_string() }}) as student_name,
    cast(email as {{ dbt.type_string() }}) as student_email,
    cast(role as {{ dbt.type_string() }}) as role,
    cast(status as {{ dbt.type_string() }}) as status,
    cast(type as {{ dbt.type_string() }}) as student_type,
    cast(engagement as {{ dbt.type_string() }}) as engagement,
    cast(class_id as {{ dbt.type_string() }}) as class_id,
    {{ hotmart.utc('purchase_date') }} as purchased_at,
    {{ hotmart.utc('first_access_date') }} as first_visit_at,
    {{ hotmart.utc('last_access_date') }} as last_visit_at,
    cast(access_count as {{ dbt.type_int() }}) as visits,
    cast({{ hotmart.json_text('progress', 'total') }} as {{ dbt.type_int() }}) as items,
    cast({{ hotmart.json_text('progress', 'completed') }} as {{ dbt.type_int() }}) as completed_items,
    {{ hotmart.amount(hotmart.json_text('progress', 'completed_percentage')) }} as completed_percent,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('club_students', ['subdomain', 'user_id']) }} as stream
