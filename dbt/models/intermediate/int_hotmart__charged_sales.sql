{# Which subscription a sale charges, and when its money was given back. A sale can have several rows of charges. #}
{% if var('hotmart_using_subscriptions') -%}
select
    transaction_id,
    min(subscription_code) as subscription_code,
    max(given_back_at) as given_back_at,
    max(synced_at) as synced_at
from {{ ref('stg_hotmart__subscription_charges') }}
group by transaction_id
{%- else -%}
select
    cast(null as {{ dbt.type_string() }}) as transaction_id,
    cast(null as {{ dbt.type_string() }}) as subscription_code,
    cast(null as {{ dbt.type_timestamp() }}) as given_back_at,
    cast(null as {{ dbt.type_timestamp() }}) as synced_at
limit 0
{%- endif %}
