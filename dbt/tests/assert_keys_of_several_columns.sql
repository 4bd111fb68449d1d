{# Marts with keys of several columns. dbt's own test of uniqueness takes one. #}
{%- set keys = {
    'hotmart__revenue_monthly': ['month_on', 'product_id', 'currency_code'],
    'hotmart__product_performance': ['order_month_on', 'product_id'],
    'hotmart__reconciliation': ['month_on', 'currency_code'],
} %}
{%- if var('hotmart_using_subscriptions') %}
{%- do keys.update({'hotmart__subscriptions_monthly': ['month_on', 'currency_code']}) %}
{%- endif %}
{%- if var('hotmart_using_members_area') %}
{%- do keys.update({'hotmart__student_progress': ['members_area', 'student_id']}) %}
{%- endif %}
{% for mart, columns in keys.items() %}
select '{{ mart }}' as mart, count(*) as copies
from {{ ref(mart) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% if not loop.last %}union all{% endif %}
{% endfor %}
