select
    cast(transaction as {{ dbt.type_string() }}) as transaction_id,
    {{ hotmart.amount(hotmart.json_text('base', 'value')) }} as base_amount,
    {{ hotmart.json_text('base', 'currency_code') }} as base_currency_code,
    {{ hotmart.amount(hotmart.json_text('total', 'value')) }} as total_amount,
    {{ hotmart.json_text('total', 'currency_code') }} as total_currency_code,
    {{ hotmart.amount(hotmart.json_text('vat', 'value')) }} as tax_amount,
    {{ hotmart.json_text('vat', 'currency_code') }} as tax_currency_code,
    {{ hotmart.amount(hotmart.json_text('fee', 'value')) }} as interest_amount,
    {{ hotmart.json_text('fee', 'currency_code') }} as interest_currency_code,
    {{ hotmart.json_text('coupon', 'code') }} as coupon_code,
    {{ hotmart.fraction(hotmart.json_text('coupon', 'value')) }} as coupon_value,
    {{ hotmart.utc('_airbyte_extracted_at') }} as synced_at
from {{ hotmart.latest('sales_price_details', ['transaction']) }} as stream
