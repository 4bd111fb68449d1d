{{ config(enabled=var('hotmart_using_subscriptions')) }}
{# Which subscription a sale charges, and when its money was given back. A sale can have several rows of charges. #}
select
    transaction_id,
    min(subscription_code) as subscription_code,
    max(given_back_at) as given_back_at,
    max(synced_at) as synced_at
from {{ ref('stg_hotmart__subscription_charges') }}
group by transaction_id
