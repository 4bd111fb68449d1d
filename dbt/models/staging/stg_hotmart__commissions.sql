{% set entry = hotmart.json_entry('one') -%}
select
    cast(stream.transaction as {{ dbt.type_string() }}) as transaction_id,
    {{ hotmart.json_text(entry, 'source') }} as source,
    upper({{ hotmart.json_text(entry, 'user.ucode') }}) as earner_ucode,
    {{ hotmart.json_text(entry, 'user.name') }} as earner_name,
    {{ hotmart.amount(hotmart.json_text(entry, 'commission.value')) }} as commission_amount,
    {{ hotmart.json_text(entry, 'commission.currency_code') }} as commission_currency_code,
    {{ hotmart.utc('stream._airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('sales_commissions', ['transaction']) }} as stream
{{ hotmart.join_json_entries('stream.commissions', 'one') }}
