{# One row per sale. Its commissions are in one currency as far as is known. If not, nothing is added up. #}
with entries as (
    select
        commissions.*,
        case
            when commissions.earner_ucode is null or account.account_ucode is null
                then commissions.source = sales.my_role
            else commissions.earner_ucode = account.account_ucode
        end as is_mine
    from {{ ref('stg_hotmart__commissions') }} as commissions
    left join {{ ref('stg_hotmart__sales') }} as sales on commissions.transaction_id = sales.transaction_id
    left join {{ ref('int_hotmart__account') }} as account on true
),

added_up as (
    select
        transaction_id,
        count(*) as commissions,
        count(distinct commission_currency_code) as currencies,
        min(commission_currency_code) as commission_currency_code,
        {% for name, condition in [
            ('my', 'is_mine'),
            ('others', 'not is_mine'),
            ('producer', "source = 'PRODUCER'"),
            ('coproducers', "source = 'COPRODUCER'"),
            ('affiliates', "source = 'AFFILIATE'"),
            ('addon', "source = 'ADDON'"),
        ] -%}
        sum(case when {{ condition }} then commission_amount else {{ hotmart.amount("'0'") }} end) as {{ name }}_commission_amount,
        {% endfor -%}
        max(synced_at) as synced_at
    from entries
    group by transaction_id
)

select
    transaction_id,
    commissions,
    currencies as commission_currencies,
    case when currencies = 1 then commission_currency_code end as commission_currency_code,
    {% for name in ['my', 'others', 'producer', 'coproducers', 'affiliates', 'addon'] -%}
    cast(case when currencies = 1 then {{ name }}_commission_amount end as {{ hotmart.type_amount() }})
        as {{ name }}_commission_amount,
    {% endfor -%}
    synced_at
from added_up
