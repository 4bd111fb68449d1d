{{ config(materialized='table') }}
{# The connected account earns from each of its sales in its role there. Nobody else earns from all of them. #}
with earners as (
    select
        commissions.earner_ucode,
        count(distinct commissions.transaction_id) as sales
    from {{ ref('stg_hotmart__commissions') }} as commissions
    inner join {{ ref('stg_hotmart__sales') }} as sales
        on commissions.transaction_id = sales.transaction_id and commissions.source = sales.my_role
    where commissions.earner_ucode is not null
    group by commissions.earner_ucode
),

ranked as (
    select
        earner_ucode,
        sales,
        row_number() over (order by sales desc, earner_ucode) as place,
        count(*) over (partition by sales) as earners_of_as_many
    from earners
)

{% if var('hotmart_account_ucode', none) -%}
select
    upper('{{ var("hotmart_account_ucode") }}') as account_ucode,
    1 as candidates
{%- else -%}
select
    earner_ucode as account_ucode,
    earners_of_as_many as candidates
from ranked
where place = 1
{%- endif %}
