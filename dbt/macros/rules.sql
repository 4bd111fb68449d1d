{# The rules about status and money. Each is written once, here. #}

{# What Hotmart's status of a sale means for the seller. #}
{% macro status_group(status) -%}
    case
        when {{ status }} in ('APPROVED', 'COMPLETE') then 'paid'
        when {{ status }} in ('REFUNDED', 'PARTIALLY_REFUNDED') then 'refunded'
        when {{ status }} = 'CHARGEBACK' then 'charged_back'
        when {{ status }} in ('BLOCKED', 'CANCELLED', 'EXPIRED', 'NO_FUNDS', 'OVERDUE') then 'lost'
        when {{ status }} in (
            'PRE_ORDER', 'PRINTED_BILLET', 'PROCESSING_TRANSACTION', 'PROTESTED', 'STARTED', 'UNDER_ANALISYS',
            'WAITING_PAYMENT'
        ) then 'pending'
        else 'unknown'
    end
{%- endmacro %}

{# Whether the buyer's money was received at some time, even if it was given back or is disputed. #}
{% macro was_paid(status) -%}
    {{ status }} in ('APPROVED', 'COMPLETE', 'PROTESTED', 'REFUNDED', 'PARTIALLY_REFUNDED', 'CHARGEBACK')
{%- endmacro %}

{# What Hotmart's status of a subscription means. #}
{% macro subscription_state(status) -%}
    case
        when {{ status }} = 'ACTIVE' then 'active'
        when {{ status }} = 'DELAYED' then 'late'
        when {{ status }} in ('CANCELLED_BY_CUSTOMER', 'CANCELLED_BY_SELLER', 'CANCELLED_BY_ADMIN') then 'cancelled'
        when {{ status }} in ('OVERDUE', 'INACTIVE') then 'lapsed'
        when {{ status }} = 'STARTED' then 'not_begun'
        else 'unknown'
    end
{%- endmacro %}
